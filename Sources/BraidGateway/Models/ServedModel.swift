/// A model that the gateway offers under one name, with the ways to reason on it.
public struct ServedModel: Sendable {
    /// What clients call it.
    public var id: String
    /// When it was made available, in seconds since 1970.
    public var created: Int
    /// Longest context in tokens.
    public var contextLength: Int
    /// The ways to reason; the first is used when a request names none.
    public var methods: [ServedMethod]
    /// Its tokenizer, where it is known here.
    public var tokenizer: ServedTokenizer?
    /// Where requests are passed on to that no method can answer, such as those with tools; nil for nowhere.
    public var upstream: UpstreamChat?

    /// Creates a served model.
    public init(
        id: String, created: Int, contextLength: Int, methods: [ServedMethod], tokenizer: ServedTokenizer? = nil,
        upstream: UpstreamChat? = nil
    ) {
        self.id = id
        self.created = created
        self.contextLength = contextLength
        self.methods = methods
        self.tokenizer = tokenizer
        self.upstream = upstream
    }

    /// The way to reason of this name.
    func method(named name: String) -> ServedMethod? { methods.first { $0.name == name } }

    /// Every name that requests may give it.
    var names: [String] {
        let variants = methods.map { ModelName.join(id, $0.name) }
        return [id] + variants + (upstream == nil ? [] : [ModelName.join(id, ModelName.passThrough)])
    }
}
