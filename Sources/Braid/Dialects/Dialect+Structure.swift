/// What follows from a dialect's data.
extension Dialect: CustomStringConvertible {
    /// Its name.
    public var description: String { name }

    /// Whether a thread may fork.
    public var nests: Bool { maximumDepth > 1 }

    /// The messages' syntax, in dialects that fork by messages.
    public var messages: MessageSyntax? {
        if case .messages(let syntax) = forkPoint { syntax } else { nil }
    }

    /// Threads of a fork that no outline describes; nil where outlines or messages do.
    public var unplannedThreads: Int? {
        switch forkPoint {
        case .blockOpening(let threads), .start(let threads): threads
        case .outlines, .messages: nil
        }
    }

    /// The tag that begins a block in a line's free text; nil where the model begins none by a tag.
    public var blockOpening: String? {
        switch forkPoint {
        case .outlines, .blockOpening: parallel?.open ?? outlines?.open
        case .start, .messages: nil
        }
    }

    /// The tag at which a line forks; nil where no tag says so.
    public var forkTag: String? {
        switch forkPoint {
        case .outlines: outlines?.close
        case .blockOpening: parallel?.open
        case .start, .messages: nil
        }
    }

    /// Who writes the block's closing tag.
    public var blockEnd: BlockEnd {
        guard let parallel else { return .runtime }
        return threadsEnd.controlTags.contains(parallel.close) ? .runtime : .model
    }

    /// Whether the runtime opens a conclusion at every join.
    public var opensConclusion: Bool {
        conclusion.map { threadsEnd.controlTags.contains($0.tags.open) } ?? false
    }

    /// Where the model goes on after a join.
    public var startAfterJoin: ControlGrammar.Start {
        if opensConclusion { return .conclusion }
        return blockEnd == .model ? .blockEnd : .body
    }

    /// Whether a thread's opening tag holds its label.
    var hasNumberedTags: Bool { thread?.open.contains("{n}") ?? false }

    /// Whether a thread's text begins with its label.
    var hasNumberedText: Bool {
        threadSeed.pieces.contains { if case .text(let text) = $0 { text.contains("{n}") } else { false } }
    }

    /// The tags of one thread.
    public func threadTags(label: String) -> TagPair? {
        thread.map { Self.fill($0, label: label) }
    }

    /// The tags of all threads, by their labels; the key is empty where tags have no labels.
    var threadTags: [String: TagPair] {
        guard let thread else { return [:] }
        guard hasNumberedTags else { return ["": thread] }
        let labels = (1...max(1, maximumOutlines)).map { String($0) }
        return Dictionary(uniqueKeysWithValues: labels.map { ($0, Self.fill(thread, label: $0)) })
    }

    /// Tags without which not even a sequential answer is possible; ``ends`` is not among them.
    public var sequentialTags: Set<String> {
        var tags = (promptStart + promptEnd).controlTags
        if let think { tags.formUnion([think.open, think.close]) }
        if case .tagged(let pair) = answer { tags.formUnion([pair.open, pair.close]) }
        return tags
    }

    /// Tags that a run which may fork needs; ``ends`` and an optional ``conclusion`` are not among them.
    public var forkingTags: Set<String> {
        var tags = sequentialTags
        for pair in [parallel, outlines, outline, returns, opensConclusion ? conclusion?.tags : nil] {
            if let pair { tags.formUnion([pair.open, pair.close]) }
        }
        let threads = (1...max(1, unplannedThreads ?? 1)).compactMap { threadTags(label: String($0)) }
        for pair in threads { tags.formUnion([pair.open, pair.close]) }
        if let messages { tags.formUnion(messages.childPrompt.controlTags) }
        return tags
    }

    /// Every tag of the dialect.
    public var allTags: Set<String> {
        var tags = forkingTags.union(ends)
        if let conclusion { tags.formUnion([conclusion.tags.open, conclusion.tags.close]) }
        for pair in threadTags.values { tags.formUnion([pair.open, pair.close]) }
        return tags
    }

    private static func fill(_ pair: TagPair, label: String) -> TagPair {
        TagPair(
            open: Template.fill(pair.open, ["n": label]), close: Template.fill(pair.close, ["n": label]))
    }
}
