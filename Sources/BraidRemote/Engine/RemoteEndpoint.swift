internal import Braid

/// One server of a remote engine, as a probe found it.
struct RemoteEndpoint: Sendable {
    /// Where it is.
    var url: EngineURL
    /// How to talk to it.
    var adapter: any EngineAdapter
    /// The model that it serves.
    var model: String
    /// Longest context in tokens.
    var contextLength: Int
    /// How many requests it takes at once.
    var capacity: Int
    /// Control tags with their ids; empty below tier T3.
    var tags: [String: TokenID]
    /// What it was when it was connected to; nil where no ids are sent to it.
    var identity: EngineIdentity?

    /// The same at another address.
    func moved(to url: EngineURL) -> RemoteEndpoint {
        var other = self
        other.url = url
        other.adapter.address.url = url
        return other
    }
}
