#if Gateway
    import BraidRemote
    import HTTPTypes
    import HummingbirdCore
    import NIOCore

    extension Gateway {
        /// Passes a request on to the model's own server as it is, but for the model's name and what is said to Braid, and
        /// gives the answer back as it comes.
        func passThrough(_ exchange: Exchange, _ document: JSONDocument, to upstream: UpstreamChat) async throws
            -> Reply
        {
            var model: [UInt8] = []
            JSONEscape.append(upstream.model, to: &model)
            let body = document.object(without: ["braid"], replacing: ["model": model])
            var headers = [
                "content-type": "application/json", "accept": "application/json, text/event-stream",
                "user-agent": "braid",
            ]
            headers["traceparent"] = exchange.trace.description
            let request = BraidRemote.HTTPRequest(
                .post, upstream.url.route("/v1/chat/completions"), headers: headers, body: body
            ).authorized(by: upstream.credential)
            let ticket = try await place(for: exchange)
            let sending = Task { try await upstream.transport.send(request) }
            let answer: BraidRemote.HTTPResponse
            do {
                answer = try await exchange.connection.whenClosed({ _ in sending.cancel() }) {
                    try await withTaskCancellationHandler {
                        try await sending.value
                    } onCancel: {
                        sending.cancel()
                    }
                }
            } catch {
                gate.leave(ticket)
                if let error = error as? TransportError { throw OpenAIError.upstream(error.description) }
                throw error
            }
            guard answer.status != 401, answer.status != 403 else {
                gate.leave(ticket)
                throw OpenAIError.upstream("the model's server refused this server's key")
            }
            let type = answer.headers["content-type"] ?? "application/json"
            let isStream = type.hasPrefix("text/event-stream")
            var fields: HTTPFields = isStream ? Self.streamFields : [:]
            fields[.contentType] = type
            fields[.retryAfter] = answer.headers["retry-after"]
            return Reply(
                status: .init(code: answer.status), fields: fields,
                content: .stream { writer in
                    let handover = Handover(writer: writer)
                    let piping = Task {
                        var writer = handover.writer
                        try await Self.pipe(answer, isStream: isStream, to: &writer)
                    }
                    try await exchange.connection.whenClosed({ _ in piping.cancel() }) {
                        try await withTaskCancellationHandler {
                            try await piping.value
                        } onCancel: {
                            piping.cancel()
                        }
                    }
                }, ended: { self.gate.leave(ticket) })
        }

        private static func pipe(
            _ answer: BraidRemote.HTTPResponse, isStream: Bool, to writer: inout any ResponseBodyWriter
        ) async throws {
            do {
                while let bytes = try await answer.nextBytes() { try await writer.write(ByteBuffer(bytes: bytes)) }
            } catch let error as TransportError where isStream {
                let body = OpenAIError.upstream(error.description).body
                try await writer.write(ByteBuffer(bytes: Array("\n\nevent: error\ndata: ".utf8) + body + [10, 10]))
            }
        }
    }
#endif
