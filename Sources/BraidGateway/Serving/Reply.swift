#if Gateway
    import HTTPTypes
    import HummingbirdCore

    /// What a request is answered with.
    struct Reply: Sendable {
        /// The body.
        enum Content: Sendable {
            case bytes([UInt8])
            /// Written piece by piece; the writer is ended by who gave it.
            case stream(@Sendable (inout any ResponseBodyWriter) async throws -> Void)
        }

        /// The status.
        var status = HTTPResponse.Status.ok
        /// The fields of the head, besides those that every answer has.
        var fields = HTTPFields()
        /// The body.
        var content: Content
        /// Called when the answer is over, however it ended, or was never begun.
        var ended: @Sendable () -> Void = {}

        /// A JSON document.
        static func json(_ bytes: [UInt8]) -> Reply {
            Reply(fields: [.contentType: "application/json"], content: .bytes(bytes))
        }

        /// An error.
        init(_ error: OpenAIError) {
            status = HTTPResponse.Status(code: error.status)
            fields[.contentType] = "application/json"
            fields[.retryAfter] = error.retryAfter.map(String.init)
            if let retries = error.shouldRetry { fields[.shouldRetry] = "\(retries)" }
            if !error.allowedMethods.isEmpty { fields[.allow] = error.allowedMethods.joined(separator: ", ") }
            if error.status == 401 { fields[.wwwAuthenticate] = "Bearer" }
            content = .bytes(error.body)
        }

        init(
            status: HTTPResponse.Status = .ok, fields: HTTPFields = HTTPFields(), content: Content,
            ended: @escaping @Sendable () -> Void = {}
        ) {
            self.status = status
            self.fields = fields
            self.content = content
            self.ended = ended
        }
    }
#endif
