#if Gateway
    import Foundation

    extension Gateway {
        /// `POST /v1/responses`.
        func respond(_ exchange: Exchange, to body: [UInt8]) async throws -> Reply {
            let request = try ResponsesRequest(JSONDocument(body))
            if let field = request.foreignField {
                throw OpenAIError.unsupportedField(
                    field,
                    "cannot be served here; /v1/chat/completions passes it on where the model has a server of its own")
            }
            return try await perform(request.run, exchange) { run in
                ResponsesFormat(run: run.id, created: Int(run.created.timeIntervalSince1970), to: request)
            }
        }
    }
#endif
