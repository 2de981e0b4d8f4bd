public import Braid

/// How a gateway serves.
public struct GatewayConfiguration: Sendable {
    /// The address that it listens on.
    public var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    public var port = 8642
    /// What clients may use up of the server.
    public var limits = GatewayLimits()
    /// What one run may use up at most, and uses up when the request does not say.
    public var budget = Budget.standard
    /// Keys that clients must have.
    public var keys = APIKeys.none
    /// Whether no keys are needed even where other machines can reach the server.
    public var allowsEverybody = false
    /// Other web sites whose pages may ask, such as `https://example.org`.
    public var allowedOrigins: [String] = []
    /// Names besides those of the loopback device under which the server is reached.
    public var hostNames: [String] = []
    /// How long runs may go on once the server was told to end.
    public var drain = Duration.seconds(30)
    /// What examines returns of threads, for requests that want it.
    public var checks: [any ReturnCheck] = [ArithmeticCheck()]
    /// Says whether an answer is right, where it can tell.
    public var verify: AnswerCheck?
    /// The product's version.
    public var version = ProductVersion.current
    /// The least important messages that are logged, to standard error.
    public var logLevel = LogLevel.notice

    /// How important a message is.
    public enum LogLevel: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// Creates a configuration for this machine alone.
    public init() {}

    /// Whether nobody but this machine can reach it.
    public var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }
}
