#if Gateway
    import HTTPTypes
    import HummingbirdCore
    import Instrumentation
    import Logging
    import NIOCore
    import NIOHTTP1
    import ServiceContextModule
    import Tracing

    extension Gateway {
        /// Answers one request, whatever it is: lets it in or not, reads its body, and writes what its route gives.
        /// - Throws: where the connection broke; everything else is an answer.
        func respond(
            _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
        ) async throws {
            let start = ContinuousClock.now
            let id = Self.requestID(request.headers[.requestID])
            var trace = TraceContext(request.headers[.traceParent])?.child ?? TraceContext()
            var context = ServiceContext.current ?? .topLevel
            context[TraceContextKey.self] = trace
            InstrumentationSystem.instrument.extract(
                request.headers, into: &context, using: HTTPFieldsExtractor())
            let span = startSpan("\(request.method.rawValue.prefix(16))", context: context, ofKind: .server)
            defer { span.end() }
            // Where a tracer passes traces on, what engines do belongs to its span.
            var passed = HTTPFields()
            InstrumentationSystem.instrument.inject(span.context, into: &passed, using: HTTPFieldsInjector())
            trace = TraceContext(passed[.traceParent]) ?? trace
            var route: Route?
            var origin: String?
            var hasReadBody = false
            var reply: Reply
            do {
                origin = try hosts.check(host: request.head.authority, origin: request.headers[.origin])
                if request.method == .options {
                    reply = preflight(request, origin)
                } else {
                    guard let path = RequestPath(request.head.path ?? "/") else {
                        throw OpenAIError.notFound("there is no such address")
                    }
                    route = Route(path)
                    let owner = try owner(of: request, isOpen: route?.isOpen ?? false)
                    guard let route else { throw OpenAIError.notFound("there is no such address; see GET /v1/models") }
                    try Self.check(request.method, of: route)
                    let connection = try await channel.eventLoop.submit {
                        try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).connection
                    }.get()
                    let exchange = Exchange(
                        id: id, owner: owner, path: path, fields: request.headers, connection: connection,
                        trace: trace, context: span.context)
                    var body: [UInt8] = []
                    if route.method == "POST" {
                        if route.needsPlace {
                            if isDraining { throw OpenAIError.shuttingDown }
                            try gate.check(owner)
                        }
                        try checkBody(request.headers)
                        if request.headers[.expect]?.lowercased() == "100-continue" {
                            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
                        }
                        body = try await self.body(of: request)
                        hasReadBody = true
                    }
                    defer { bodies.giveBack(body.count) }
                    reply = try await answer(route, exchange, body)
                }
            } catch let error as OpenAIError {
                reply = Reply(error)
            } catch let error as HTTPParserError {
                // The client has gone, or was refused by the connection's guard.
                throw error
            } catch is CancellationError {
                reply = Reply(.cancelled)
            } catch {
                let known = OpenAIError(error)
                if known == .internalError {
                    logger.error("request failed", metadata: ["request": "\(id)", "error": "\(type(of: error))"])
                }
                reply = Reply(known)
            }
            defer { reply.ended() }
            if let route { span.operationName = "\(request.method.rawValue) \(route.name)" }
            span.attributes["http.response.status_code"] = reply.status.code
            if reply.status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
            finish(&reply, id: id, origin: origin)
            if !hasReadBody, Self.hasLargeBody(request.headers) { reply.fields[.connection] = "close" }
            metrics.answered(
                route?.name ?? "other", status: reply.status.code, seconds: Self.seconds(start.duration(to: .now)))
            logger.info(
                "\(request.method.rawValue.prefix(16)) \(route?.name ?? "other") \(reply.status.code)",
                metadata: ["request": "\(id)"])
            try await write(reply, isHead: request.method == .head, writer, on: channel.eventLoop)
        }

        private func write(
            _ reply: Reply, isHead: Bool, _ writer: consuming ResponseWriter, on eventLoop: any EventLoop
        ) async throws {
            let head = HTTPResponse(status: reply.status, headerFields: reply.fields)
            switch reply.content {
            case .bytes(let bytes):
                let body = isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
                try await writer.write(response: head, body: body)
            case .stream(let write):
                var body: any ResponseBodyWriter = try await writer.writeHead(head)
                if !isHead {
                    // A stream writes often and little.
                    try await withTaskExecutorPreference(EventLoopExecutor(eventLoop)) { try await write(&body) }
                }
                try await body.finish(nil)
            }
        }

        /// What every answer has.
        private func finish(_ reply: inout Reply, id: String, origin: String?) {
            reply.fields[.requestID] = id
            reply.fields[.contentTypeOptions] = "nosniff"
            if case .bytes(let bytes) = reply.content { reply.fields[.contentLength] = "\(bytes.count)" }
            if let origin {
                reply.fields[.accessControlAllowOrigin] = origin
                reply.fields[.vary] = "Origin"
                reply.fields[.accessControlExposeHeaders] =
                    "x-request-id, x-braid-trajectory-id, x-braid-ignored-fields, retry-after"
            }
        }

        private func preflight(_ request: Request, _ origin: String?) -> Reply {
            var reply = Reply(status: .noContent, content: .bytes([]))
            reply.fields[.allow] = "GET, HEAD, POST, OPTIONS"
            if origin != nil {
                reply.fields[.accessControlAllowMethods] = "GET, POST, OPTIONS"
                // Client libraries send fields of their own, which are named in the question.
                let asked = request.headers[.accessControlRequestHeaders] ?? ""
                reply.fields[.accessControlAllowHeaders] = Self.allowedFields(asked)
                reply.fields[.accessControlMaxAge] = "600"
            }
            return reply
        }

        private static func allowedFields(_ asked: String) -> String {
            let fields = asked.lowercased().split(separator: ",").map { $0.filter { !$0.isWhitespace } }
            let isAllowed: (String) -> Bool = { name in
                ["authorization", "content-type", "accept", "last-event-id", "x-request-id", "idempotency-key"]
                    .contains(name) || name.hasPrefix("x-stainless-") || name.hasPrefix("openai-")
            }
            let named = fields.filter(isAllowed)
            return named.isEmpty ? "authorization, content-type" : named.joined(separator: ", ")
        }

        /// The name of the key that a request came with.
        private func owner(of request: Request, isOpen: Bool) throws(OpenAIError) -> String {
            guard !configuration.keys.isEmpty else { return "" }
            let authorization = request.headers[.authorization] ?? ""
            let parts = authorization.split(separator: " ", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "bearer", let name = configuration.keys.name(of: parts[1]) {
                return name
            }
            guard isOpen else { throw .invalidKey }
            return ""
        }

        private static func check(_ method: HTTPRequest.Method, of route: Route) throws(OpenAIError) {
            let allowed = route.method == "GET" && !route.isEndless ? ["GET", "HEAD"] : [route.method]
            guard allowed.contains(method.rawValue) else {
                throw .methodNotAllowed(method.rawValue, allowed: allowed + ["OPTIONS"])
            }
        }

        private func checkBody(_ fields: HTTPFields) throws(OpenAIError) {
            if let encoding = fields[.contentEncoding], encoding.lowercased() != "identity" {
                throw .unsupportedMedia("bodies in the encoding '\(encoding.prefix(50))' are not read; send plain JSON")
            }
            if let type = fields[.contentType]?.lowercased(), type.hasPrefix("multipart/") {
                throw .unsupportedMedia("forms are not read; send JSON")
            }
            let limit = configuration.limits.bodyBytes
            if let text = fields[.contentLength] {
                guard let length = Int(text), length <= limit else { throw .bodyTooLarge(limit: limit) }
            }
        }

        private func body(of request: Request) async throws -> [UInt8] {
            let limit = configuration.limits.bodyBytes
            var bytes: [UInt8] = []
            do {
                for try await part in request.body {
                    guard bytes.count + part.readableBytes <= limit else {
                        throw OpenAIError.bodyTooLarge(limit: limit)
                    }
                    guard bodies.take(part.readableBytes) else { throw OpenAIError.overloaded(retryAfter: 2) }
                    bytes += part.readableBytesView
                }
            } catch {
                bodies.giveBack(bytes.count)
                throw error
            }
            return bytes
        }

        /// Whether a body that was not read is too much to read it only to throw it away.
        private static func hasLargeBody(_ fields: HTTPFields) -> Bool {
            if fields[.transferEncoding] != nil { return true }
            guard let text = fields[.contentLength] else { return false }
            return Int(text).map { $0 > 1 << 16 } ?? true
        }

        /// The client's own name for its request, where it is one that can stand in logs.
        private static func requestID(_ given: String?) -> String {
            guard let given, (1...128).contains(given.utf8.count),
                given.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
            else { return RunID.request() }
            return given
        }

        static func seconds(_ duration: Duration) -> Double {
            let (seconds, attoseconds) = duration.components
            return Double(seconds) + Double(attoseconds) * 1e-18
        }
    }
#endif
