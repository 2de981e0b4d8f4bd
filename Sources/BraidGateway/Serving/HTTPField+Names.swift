#if Gateway
    import HTTPTypes

    extension HTTPField.Name {
        static let requestID = constant("x-request-id")
        static let trajectoryID = constant("x-braid-trajectory-id")
        static let ignoredFields = constant("x-braid-ignored-fields")
        static let shouldRetry = constant("x-should-retry")
        static let accelBuffering = constant("x-accel-buffering")
        static let lastEventID = constant("last-event-id")
        static let contentTypeOptions = constant("x-content-type-options")
        /// W3C Trace Context.
        static let traceParent = constant("traceparent")

        private static func constant(_ name: String) -> HTTPField.Name {
            // Only the names above come here, which every test of a route reads.
            guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a field") }
            return name
        }
    }
#endif
