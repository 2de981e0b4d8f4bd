/// A whole text of a dialect as a tree: what a ``DialectParser`` found, put together.
public struct StructureTree: Sendable, Hashable {
    /// One thing in a line, in the order written.
    public enum Item: Sendable, Hashable {
        /// Free text.
        case text(String)
        /// The thinking part begins.
        case thinkingOpened
        /// The thinking part ends.
        case thinkingClosed
        /// A parallel block.
        case block(Block)
        /// A conclusion behind its block.
        case conclusion(String)
        /// What a thread hands back.
        case returned(String)
        /// What stands between the answer tags.
        case answer(String)
        /// The tag that ended the line.
        case end(String)
    }

    /// One thing behind a block's outlines.
    public enum Part: Sendable, Hashable {
        /// A thread, with its number where it has one.
        case thread(number: Int?, [Item])
        /// What a thread handed back, as the parent sees it after the join; its text begins with the thread's label.
        case returned(String)
        /// The conclusion.
        case conclusion(String)
    }

    /// A parallel block.
    public struct Block: Sendable, Hashable {
        /// Its outlines; empty in dialects without any.
        public var outlines: [Outline]
        /// Threads, returns and conclusion in order.
        public var parts: [Part]

        /// Creates a block.
        public init(outlines: [Outline] = [], parts: [Part] = []) {
            self.outlines = outlines
            self.parts = parts
        }
    }

    /// The main line.
    public var items: [Item]

    /// Creates a tree.
    public init(items: [Item]) {
        self.items = items
    }

    /// Puts a parser's events together; what was left open ends where the events do.
    /// - Complexity: O(number of events).
    public init(_ events: some Sequence<StructureEvent>) {
        var builder = StructureTreeBuilder()
        for event in events { builder.add(event) }
        items = builder.finish()
    }

    /// Reads a whole text in which the dialect's tags count as tags, and says how often it was malformed.
    public static func read(_ text: String, in dialect: Dialect) -> (
        tree: StructureTree, malformed: [MalformedStructure]
    ) {
        var parser = DialectParser(dialect, limits: DialectParser.Limits(outlines: dialect.maximumOutlines, depth: 16))
        let events = parser.consume(text: text) + parser.finish()
        let malformed = events.compactMap { if case .malformed(let what) = $0 { what } else { nil } }
        return (StructureTree(events), malformed)
    }
}
