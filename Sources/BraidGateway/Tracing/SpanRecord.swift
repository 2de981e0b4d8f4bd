#if Gateway
    import Tracing

    /// A span that is over.
    struct SpanRecord: Sendable {
        /// Where it stands in its trace.
        var place: TraceContext
        /// The span that it is a part of; nil for the first of a trace.
        var parent: String?
        /// What was done.
        var name: String
        /// For whom.
        var kind: SpanKind
        /// When it began, in nanoseconds since 1970.
        var start: UInt64
        /// When it ended, in nanoseconds since 1970.
        var end: UInt64
        /// What is known of it.
        var attributes: SpanAttributes
        /// How it ended, where that was said.
        var status: SpanStatus?
    }
#endif
