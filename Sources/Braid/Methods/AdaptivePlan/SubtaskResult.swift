/// A subtask's result, as the synthesis sees it.
struct SubtaskResult: Sendable, Hashable {
    /// Its subtask's id.
    var id: Int
    /// What the thread replied, cut to its result.
    var text: String
    /// What is wrong with it, if a check says so.
    var objection: String?
    /// The completion it came from; nil for one from the cache.
    var completion: Completion?
    /// Whether it can be used at all.
    var isUsable: Bool

    /// The text with its objection, so that nothing false is used silently.
    var shown: String {
        guard isUsable else { return "none" }
        return objection.map { "\(text) [checked and false: \($0)]" } ?? text
    }
}
