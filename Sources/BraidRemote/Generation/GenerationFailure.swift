/// Why a generation failed, in the terms that decide what to do about it.
struct GenerationFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure that are handled differently.
    enum Kind: Sendable, Hashable {
        /// The connection could not be made.
        case unreachable
        /// The connection broke, or nothing came for too long.
        case connection
        /// The engine answered with another status than 200.
        case status(Int)
        /// The engine wrote an error into the stream.
        case inBand
        /// The stream ended without saying why the generation ended.
        case truncated
        /// The stream is not what the engine's documentation says.
        case malformed
        /// Another model answers at the address than the one that was connected to.
        case replaced
    }

    /// What kind of failure it is.
    var kind: Kind
    /// What happened.
    var message: String
    /// The engine's own name for the error.
    var code: String?
    /// How long the engine asks to wait.
    var retryAfter: Duration?
    /// What the engine says about trying again.
    var shouldRetry: Bool?

    init(
        _ kind: Kind, _ message: String, code: String? = nil, retryAfter: Duration? = nil, shouldRetry: Bool? = nil
    ) {
        self.kind = kind
        self.message = message
        self.code = code
        self.retryAfter = retryAfter
        self.shouldRetry = shouldRetry
    }

    /// Reads what a transport threw.
    init(_ error: TransportError) {
        let kind: Kind = if case .unreachable = error { .unreachable } else { .connection }
        self.init(kind, error.description)
    }

    /// Whether a connection broke, so that what answers next need not be what answered before.
    var isLoss: Bool {
        switch kind {
        case .unreachable, .connection, .truncated: true
        case .status, .inBand, .malformed, .replaced: false
        }
    }

    /// What happened.
    var description: String {
        switch kind {
        case .status(let status): "it answered \(status): \(message)"
        case .inBand: "it reported an error: \(message)"
        case .truncated: "its stream ended early: \(message)"
        case .malformed: "its stream makes no sense: \(message)"
        case .replaced: "another model has taken the place of the one that was connected to: \(message)"
        case .unreachable, .connection: message
        }
    }
}
