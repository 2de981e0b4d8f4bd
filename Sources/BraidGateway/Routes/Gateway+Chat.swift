#if Gateway
    import Foundation

    extension Gateway {
        /// `POST /v1/chat/completions`.
        func chat(_ exchange: Exchange, _ body: [UInt8]) async throws -> Reply {
            let document = try JSONDocument(body)
            let request = try ChatCompletionRequest(document)
            let asked = request.run
            let name = try ModelName(asked.model, method: asked.options.method, among: models)
            if request.foreignField != nil || name.method == nil {
                guard let upstream = name.model.upstream else {
                    let field = request.foreignField ?? "model"
                    throw OpenAIError.unsupportedField(
                        field,
                        "is nothing that \(name.model.id) can serve; leave it out, or ask a model that has a server "
                            + "of its own")
                }
                return try await passThrough(exchange, document, to: upstream, route: "/v1/chat/completions")
            }
            if request.answers > 1 { return try await answer(request, exchange) }
            return try await perform(asked, exchange) { run in
                ChatCompletionFormat(
                    run: run.id, created: Int(run.created.timeIntervalSince1970), model: asked.model,
                    reasoning: asked.options.reasoning, includesUsage: asked.includesUsage)
            }
        }
    }
#endif
