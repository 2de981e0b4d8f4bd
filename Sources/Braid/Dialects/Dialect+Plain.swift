extension Dialect {
    /// No control tags at all: what methods speak that ask in plain words, see ``PromptedMethod``.
    public static let plain: Dialect = {
        var dialect = Dialect.braid
        dialect.name = "plain"
        dialect.promptStart = TokenText()
        dialect.promptEnd = TokenText()
        dialect.ends = []
        dialect.maximumDepth = 1
        return dialect
    }()
}
