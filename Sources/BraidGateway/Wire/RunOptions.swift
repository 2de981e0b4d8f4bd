/// The `braid` object of a request: how to reason, and what may be used up; nil for what the server thinks.
struct RunOptions: Sendable, Hashable {
    /// Where thoughts go.
    enum Reasoning: String, Sendable, CaseIterable {
        case both
        case content = "reasoning_content"
        case plain = "reasoning"
        case hidden
    }

    /// In which order thoughts are streamed.
    enum Order: String, Sendable, CaseIterable {
        /// As the record has them: one thread after the other.
        case canonical
        /// As they come, line by line, each named by its thread.
        case interleaved
    }

    /// The way to reason.
    var method: String?
    /// Most threads of the run.
    var maximumThreads: Int?
    /// How deep threads may fork.
    var maximumDepth: Int?
    /// Most tokens of all lines.
    var maximumTotalTokens: Int?
    /// Most tokens of one thread.
    var maximumThreadTokens: Int?
    /// How long the run may take, in seconds.
    var timeout: Double?
    /// How long one thread may take, in seconds.
    var threadTimeout: Double?
    /// Numbers of the method.
    var settings = MethodSettings()
    /// Whether returns are checked before they are joined.
    var checksJoins = false
    /// Whether the run is steered.
    var steers = false
    /// Whether results of subtasks are kept and used again.
    var caches = true
    /// Where thoughts go.
    var reasoning = Reasoning.both
    /// In which order thoughts are streamed.
    var order = Order.canonical
}
