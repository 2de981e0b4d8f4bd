/// Refuses requests that a web page sends without its reader knowing: under another host's name, which a name server can
/// point at this machine, or from another site.
struct HostCheck: Sendable {
    private static let loopback: Set<String> = ["localhost", "127.0.0.1", "[::1]", "::1"]
    /// Hosts that are answered; nil for all.
    private let hosts: Set<String>?
    private let origins: Set<String>

    /// Creates the check for an address that is listened on.
    init(_ configuration: GatewayConfiguration) {
        hosts =
            configuration.isLoopback
            ? Self.loopback.union(configuration.hostNames.map { $0.lowercased() }) : nil
        origins = Set(configuration.allowedOrigins.map { $0.lowercased() })
    }

    /// Looks at the fields `host` and `origin`.
    /// - Returns: the origin to name in the answer; nil for none.
    func check(host: String?, origin: String?) throws(OpenAIError) -> String? {
        let host = host?.lowercased()
        if let hosts, let host, !hosts.contains(Self.withoutPort(host)) {
            throw .forbidden(
                "the server is not known as '\(host.prefix(200))'; use localhost, or name it with --host-name",
                code: "host_not_allowed")
        }
        guard let origin = origin?.lowercased() else { return nil }
        if origins.contains(origin) { return origin }
        // A page of this server's own.
        if let host, ["http://\(host)", "https://\(host)"].contains(origin) { return nil }
        throw .forbidden(
            "pages of '\(origin.prefix(200))' may not ask; allow them with --allow-origin", code: "origin_not_allowed")
    }

    private static func withoutPort(_ host: String) -> String {
        guard let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].allSatisfy(\.isNumber),
            !host.hasPrefix("[") || host[..<colon].hasSuffix("]")
        else { return host }
        return String(host[..<colon])
    }
}
