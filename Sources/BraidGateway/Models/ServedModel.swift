public import BraidRemote

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
    /// The engine over HTTP that its methods run on, whose servers are watched while the gateway serves; nil for one in
    /// this process.
    public var remote: RemoteEngine?

    /// Creates a served model.
    public init(
        id: String, created: Int, contextLength: Int, methods: [ServedMethod], tokenizer: ServedTokenizer? = nil,
        upstream: UpstreamChat? = nil, remote: RemoteEngine? = nil
    ) {
        self.id = id
        self.created = created
        self.contextLength = contextLength
        self.methods = methods
        self.tokenizer = tokenizer
        self.upstream = upstream
        self.remote = remote
    }

    /// The servers of its engine, and whether requests go to each; none for an engine in this process.
    var servers: [(url: String, isWell: Bool)] { remote?.servers ?? [] }

    /// Whether anything can answer for it.
    var isReachable: Bool { servers.isEmpty || servers.contains(where: \.isWell) }

    /// Watches its servers until the calling task is cancelled.
    func watch() async { await remote?.watch() }

    /// The way to reason of this name.
    func method(named name: String) -> ServedMethod? { methods.first { $0.name == name } }

    /// Every name that requests may give it.
    var names: [String] {
        let variants = methods.map { ModelName.join(id, $0.name) }
        return [id] + variants + (upstream == nil ? [] : [ModelName.join(id, ModelName.passThrough)])
    }
}
