#if Gateway
    import BraidRemote
    import HTTPTypes
    import HummingbirdCore
    import NIOCore

    extension Gateway {
        /// Passes a request on to the model's own server as it is, but for the model's name and what is said to Braid, and
        /// gives the answer back as it comes.
        /// - Parameter route: the same there as here, such as `/v1/chat/completions`.
        func passThrough(
            _ exchange: Exchange, _ document: JSONDocument, to upstream: UpstreamChat, route: String
        ) async throws -> Reply {
            var model: [UInt8] = []
            JSONEscape.append(upstream.model, to: &model)
            let body = document.object(without: ["braid"], replacing: ["model": model])
            let headers = [
                "content-type": "application/json", "accept": "application/json, text/event-stream",
                "user-agent": "braid", "traceparent": exchange.trace.description,
            ]
            let ticket = try await place(for: exchange)
            let patience = patience(silence: configuration.limits.silence)
            let sending = Task { try await patience.wait { try await upstream.send(route, headers, body) } }
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
            let type = answer.headers["content-type"] ?? "application/json"
            if let refusal = Self.refusal(of: answer, type: type) {
                gate.leave(ticket)
                throw refusal
            }
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
                        try await Self.pipe(answer, isStream: isStream, patience, to: &writer)
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

        /// Why an answer cannot be given to a client; nil where it can.
        private static func refusal(of answer: BraidRemote.HTTPResponse, type: String) -> OpenAIError? {
            let encoding = answer.headers["content-encoding"]?.lowercased() ?? "identity"
            switch answer.status {
            case 401, 403: return .upstream("the model's server refused this server's key")
            case 300..<400:
                return .upstream(
                    "the model's server answered \(answer.status), a redirect, which is not followed; start this server "
                        + "with the address that it leads to")
            default: break
            }
            let media = type.lowercased().prefix { $0 != ";" }
            guard encoding != "identity" || !["application/json", "text/event-stream"].contains(media) else {
                return nil
            }
            var error = OpenAIError.upstream(
                "the model's server answered \(answer.status) with \(type.prefix(100)) in the encoding "
                    + "\(encoding.prefix(20)), and not with JSON or a stream")
            if answer.status >= 400 { error.status = answer.status }
            error.retryAfter = answer.headers["retry-after"].flatMap { Int($0) }
            return error
        }

        private static func pipe(
            _ answer: BraidRemote.HTTPResponse, isStream: Bool, _ patience: Patience,
            to writer: inout any ResponseBodyWriter
        ) async throws {
            do {
                while let bytes = try await patience.wait({ try await answer.nextBytes() }) {
                    try await writer.write(ByteBuffer(bytes: bytes))
                }
            } catch let error as TransportError where isStream {
                try await tell(.upstream(error.description), to: &writer)
            } catch let error as OpenAIError where isStream {
                try await tell(error, to: &writer)
            }
        }

        /// Ends a stream, perhaps in the middle of an event, with an error.
        private static func tell(_ error: OpenAIError, to writer: inout any ResponseBodyWriter) async throws {
            let bytes = Array("\n\nevent: error\ndata: ".utf8) + error.body + [10, 10]
            try await writer.write(ByteBuffer(bytes: bytes))
        }
    }
#endif
