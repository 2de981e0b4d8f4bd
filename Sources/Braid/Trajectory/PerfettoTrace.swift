/// A trajectory in the Chrome trace format, which Perfetto and `chrome://tracing` show: one lane per thread.
///
/// Encode it with any JSON encoder. Times are in microseconds since the run began (Trace Event Format, "Complete Events"
/// and "Metadata Events").
public struct PerfettoTrace: Sendable, Hashable, Encodable {
    /// One event of the trace.
    public struct Event: Sendable, Hashable, Encodable {
        /// What the lane shows.
        public var name: String
        /// Where the segment came from; nil for metadata.
        public var cat: String?
        /// `X` for a slice, `M` for metadata.
        public var ph: String
        /// Beginning in microseconds.
        public var ts: Double?
        /// Length in microseconds.
        public var dur: Double?
        /// Always 1: a run is one process.
        public var pid: Int
        /// The lane.
        public var tid: Int
        /// Details.
        public var args: Arguments
    }

    /// Details of an event.
    public struct Arguments: Sendable, Hashable, Encodable {
        /// Name of a lane.
        public var name: String?
        /// Text of a segment, tags included.
        public var text: String?
        /// Tokens of a segment.
        public var tokens: Int?
        /// Path of the thread.
        public var thread: String?
    }

    /// The events, lane by lane.
    public private(set) var traceEvents: [Event]
    /// The unit that viewers show.
    public let displayTimeUnit = "ms"

    /// Lays out a trajectory.
    public init(_ trajectory: Trajectory) {
        traceEvents = []
        var laneCount = 0
        add(trajectory.root, &laneCount)
    }

    private mutating func add(_ thread: ReasoningThread, _ laneCount: inout Int) {
        laneCount += 1
        let lane = laneCount
        let subtask = thread.outline.map { ":" + $0.text } ?? ""
        traceEvents.append(
            Event(
                name: "thread_name", ph: "M", pid: 1, tid: lane,
                args: Arguments(name: thread.id + subtask)))
        for case .segment(let segment) in thread.steps {
            traceEvents.append(
                Event(
                    name: segment.origin.rawValue, cat: segment.origin.rawValue, ph: "X", ts: segment.start * 1e6,
                    dur: max(0, segment.end - segment.start) * 1e6, pid: 1, tid: lane,
                    args: Arguments(text: segment.text, tokens: segment.tokenCount, thread: thread.id)))
        }
        for case .fork(let fork) in thread.steps {
            for child in fork.threads { add(child, &laneCount) }
        }
    }
}
