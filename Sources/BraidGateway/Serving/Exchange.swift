#if Gateway
    import HTTPTypes
    import ServiceContextModule

    /// A request that was let in.
    struct Exchange: Sendable {
        /// Its name, for people who look for it in logs.
        var id: String
        /// Name of the key that it came with; empty where none is needed.
        var owner: String
        /// Its address.
        var path: RequestPath
        /// Its head's fields.
        var fields: HTTPFields
        /// The connection that it came on.
        var connection: Connection
        /// Its place in a trace.
        var trace: TraceContext
        /// What the program's tracer knows of it.
        var context: ServiceContext
    }
#endif
