/// What clients may use up of the server.
public struct GatewayLimits: Sendable, Hashable {
    /// Most runs at the same time.
    public var runs = 64
    /// Most requests that wait for a place.
    public var queue = 256
    /// Most runs of one key, those that wait included.
    public var runsPerKey = 64
    /// Most answers of one request.
    public var choices = 8
    /// Most connections.
    public var connections = 4096
    /// Most bytes of a request's head.
    public var headBytes = 16 << 10
    /// Most fields of a request's head.
    public var headFields = 100
    /// Most bytes of a request's body.
    public var bodyBytes = 8 << 20
    /// Most bytes of all requests' bodies that are here at the same time.
    public var allBodyBytes = 256 << 20
    /// How long a connection may take for its first request's head.
    public var headTimeout = Duration.seconds(10)
    /// How long a request's body may take.
    public var bodyTimeout = Duration.seconds(30)
    /// How long a connection may idle between requests.
    public var keepAlive = Duration.seconds(60)
    /// How long a client may leave its answer unread.
    public var stall = Duration.seconds(30)
    /// Longest pause of a stream, before a comment is sent.
    public var ping = Duration.seconds(15)
    /// Longest time without any event of a run.
    public var silence = Duration.seconds(180)
    /// Most bytes of one run's events.
    public var eventBytes = 8 << 20
    /// Most runs that are kept in memory when they are over.
    public var keptRuns = 512
    /// Most bytes of their events.
    public var keptBytes = 64 << 20

    /// Creates the standard limits.
    public init() {}

    /// How many of the runs are for keys that have none, where there are several keys: an eighth and at least one, of a
    /// single one none.
    var reservedRuns: Int { min(max(1, runs / 8), runs - 1) }
}
