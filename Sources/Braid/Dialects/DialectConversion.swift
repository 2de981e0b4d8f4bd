/// Rewrites a whole text of one dialect as one of another, where that is meaningful.
public struct DialectConversion: Sendable, Hashable {
    /// Why a text cannot be rewritten.
    public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is in the way, in words.
        public var description: String
    }

    /// The rewritten text.
    public var text: TokenText
    /// Its structure.
    public var tree: StructureTree
    /// What the other dialect says differently, or not at all; each once.
    public var notes: [String]

    /// Rewrites a text in which the first dialect's tags count as tags.
    /// - Throws: ``Refusal`` when the text is malformed, or says less than the other dialect must say.
    public init(_ text: String, from source: Dialect, to target: Dialect) throws(Refusal) {
        let (tree, malformed) = StructureTree.read(text, in: source)
        if let first = malformed.first {
            throw Refusal(description: "the text is malformed in \(source) (\(malformed.count) times, first: \(first))")
        }
        var converter = StructureConverter(source: source, target: target)
        self.tree = try converter.convert(tree)
        self.text = StructureWriter.text(self.tree, in: target)
        notes = converter.notes
    }
}
