/// Why a server cannot be started.
public enum GatewayError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is nothing to serve.
    case noModels
    /// The address can be reached from other machines, and no key is needed.
    case open(host: String)
    /// The address cannot be listened on.
    case cannotListen(host: String, port: Int, reason: String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .noModels: "there is no model to serve; give at least one model with at least one method"
        case .open(let host):
            "\(host) can be reached from other machines and no API key is needed; give keys with --api-keys FILE or "
                + "BRAID_API_KEYS, or say that everybody may ask with --no-auth"
        case .cannotListen(let host, let port, let reason):
            "cannot listen on \(host) port \(port): \(reason); choose another port with --port, or 0 for any that is free"
        }
    }
}
