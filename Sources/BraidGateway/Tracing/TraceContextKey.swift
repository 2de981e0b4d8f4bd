#if Gateway
    public import ServiceContextModule

    /// Where the gateway keeps `traceparent` for the tracer that a program has set up.
    enum TraceContextKey: ServiceContextKey {
        typealias Value = TraceContext
    }

    extension ServiceContext {
        /// The value of the header `traceparent` of the request that is being answered.
        public var traceParent: String? { self[TraceContextKey.self]?.description }
    }
#endif
