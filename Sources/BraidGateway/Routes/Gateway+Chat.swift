#if Gateway
    import Foundation

    extension Gateway {
        /// `POST /v1/chat/completions`.
        func chat(_ exchange: Exchange, _ body: [UInt8]) async throws -> Reply {
            let request = try ChatCompletionRequest(body)
            let asked = request.run
            let name = try ModelName(asked.model, method: asked.options.method, among: models)
            if request.hasTools || name.method == nil {
                guard let upstream = name.model.upstream else {
                    throw OpenAIError.unsupported(
                        "\(name.model.id) calls no tools; leave them out, or ask a model that a server of its own runs",
                        param: "tools")
                }
                return try await passThrough(exchange, body, to: upstream)
            }
            return try await perform(asked, exchange) { run in
                ChatCompletionFormat(
                    run: run.id, created: Int(run.created.timeIntervalSince1970), model: asked.model,
                    reasoning: asked.options.reasoning, includesUsage: asked.includesUsage)
            }
        }
    }
#endif
