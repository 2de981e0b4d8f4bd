internal import Foundation

/// The address of an engine, with or without the `/v1` that OpenAI's clients want.
public struct EngineURL: Sendable, Hashable, CustomStringConvertible {
    /// What every route of the engine begins with; no slash at its end, no `/v1`.
    public let root: String

    /// Reads an address.
    /// - Throws: `RemoteEngineError.invalidURL`.
    public init(_ text: String) throws(RemoteEngineError) {
        guard let components = URLComponents(string: text), let scheme = components.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = components.host, !host.isEmpty
        else {
            throw .invalidURL(text, why: "it is not of the form http://host:port or https://host/v1")
        }
        guard components.user == nil, components.password == nil else {
            throw .invalidURL("\(scheme)://…@\(host)", why: "a key does not belong in it; set OPENAI_API_KEY")
        }
        guard components.query == nil, components.fragment == nil else {
            throw .invalidURL(text, why: "it has a query or a fragment")
        }
        var root = text
        while root.hasSuffix("/") { root.removeLast() }
        if root.hasSuffix("/v1") { root.removeLast(3) }
        while root.hasSuffix("/") { root.removeLast() }
        self.root = root
    }

    /// The address of a route, such as `/v1/completions`.
    public func route(_ path: String) -> String { root + path }

    /// The address as errors show it.
    public var description: String { root }
}
