#if Gateway
    import HTTPTypes
    import NIOCore
    import NIOHTTP1
    import NIOHTTPTypes

    /// Watches over one connection from its event loop: heads and bodies that do not arrive, clients that go away or do not
    /// read, and pauses of streams.
    ///
    /// A client that closed its sending side may still read. It cannot be told from one that is gone but by writing to it:
    /// a stream gets a comment, a request that waits for its answer an interim response (RFC 9110, section 15.2), and a
    /// client that is gone refuses both.
    final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPRequestPart
        typealias InboundOut = HTTPRequestPart
        typealias OutboundIn = HTTPResponsePart
        typealias OutboundOut = HTTPResponsePart

        private enum Phase {
            /// Waits for a request's head.
            case idle
            /// Reads a request's body.
            case reading
            /// Waits for the answer to begin.
            case waiting
            /// Writes the answer.
            case writing(isStream: Bool, closes: Bool)
        }

        private static let comment = ByteBuffer(string: ": ping\n\n")
        /// How long a client may take to read the last answer of a connection.
        private static let linger = Duration.seconds(2)

        /// The connection for those who answer its requests.
        let connection = Connection()
        private let limits: GatewayLimits
        private let versions = VersionHandler()
        private var phase = Phase.idle
        /// Requests that came before the answer to an earlier one ended, and whether their bodies are here.
        private var pipelined: [Bool] = []
        private var deadline: Scheduled<Void>?
        private var stall: Scheduled<Void>?
        private var ping: RepeatedTask?
        private var lastWrite = NIODeadline.now()
        /// Comes true when the last answer has gone out whole.
        private var answered: EventLoopFuture<Void>?
        private var isRefused = false

        init(_ limits: GatewayLimits) {
            self.limits = limits
        }

        func handlerAdded(context: ChannelHandlerContext) {
            do {
                let pipeline = context.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(versions, position: .after(decoder))
            } catch {
                return context.fireErrorCaught(error)
            }
            if context.channel.isActive { schedule(limits.headTimeout, context) { $0.close(promise: nil) } }
        }

        func channelActive(context: ChannelHandlerContext) {
            schedule(limits.headTimeout, context) { $0.close(promise: nil) }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            settle()
            connection.closed(isStalled: false)
            context.fireChannelInactive()
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            settle()
            connection.closed(isStalled: false)
        }

        // MARK: Requests

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isRefused else { return }
            switch (unwrapInboundIn(data), phase) {
            case (.head, .idle):
                phase = .reading
                schedule(limits.bodyTimeout, context) { [self] in refuse(.bodyTimeout, $0) }
            case (.end, .reading):
                phase = .waiting
                deadline?.cancel()
            case (.head, _): pipelined.append(false)
            case (.end, _): if !pipelined.isEmpty { pipelined[pipelined.count - 1] = true }
            default: break
            }
            context.fireChannelRead(data)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
            switch (error, phase) {
            case (.headerOverflow, .idle):
                refuse(.headTooLarge(bytes: limits.headBytes, fields: limits.headFields), context)
            // What comes behind a client's last request is nobody's; those before it are answered.
            case (.closedConnection, _): break
            // The client has gone in the middle of a request.
            case (.invalidEOFState, _): context.close(promise: nil)
            case (_, .idle), (_, .reading): refuse(.malformedHTTP, context)
            default: context.close(promise: nil)
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { probe(context) }
            context.fireUserInboundEventTriggered(event)
        }

        /// Finds out whether a client that sends no more still reads.
        private func probe(_ context: ChannelHandlerContext) {
            switch phase {
            // It reads no interim response. Those who still speak HTTP/1.0 are proxies, which close when their own client
            // has gone.
            case .waiting where versions.current.isOld: context.close(promise: nil)
            case .waiting:
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .init(code: 102)))), promise: nil)
            case .writing(isStream: true, _): context.writeAndFlush(wrapOutboundOut(.body(Self.comment)), promise: nil)
            case .idle, .reading, .writing: break
            }
        }

        /// Answers in place of those who would, and ends the connection.
        private func refuse(_ error: OpenAIError, _ context: ChannelHandlerContext) {
            guard !isRefused else { return }
            if case .writing = phase { return context.close(promise: nil) }
            isRefused = true
            var head = HTTPResponse(status: .init(code: error.status))
            let body = error.body
            head.headerFields[.contentType] = "application/json"
            head.headerFields[.contentLength] = "\(body.count)"
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
            answered = context.writeAndFlush(wrapOutboundOut(.end(nil)))
            connection.closed(isStalled: false)
            finish(context, mode: .output, promise: nil)
        }

        // MARK: Answers

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            guard !isRefused else {
                promise?.fail(ChannelError.ioOnClosedChannel)
                return
            }
            lastWrite = .now()
            switch unwrapOutboundIn(data) {
            case .head(let head) where head.status.code >= 200:
                let isStream = head.headerFields[.contentType]?.hasPrefix("text/event-stream") ?? false
                phase = .writing(
                    isStream: isStream, closes: versions.current.isLast || head.headerFields[.connection] == "close")
                if isStream { startPings(context) }
                context.write(data, promise: promise)
            case .end:
                let closes = if case .writing(_, true) = phase { true } else { false }
                ping?.cancel()
                ping = nil
                let written = promise ?? context.eventLoop.makePromise()
                answered = written.futureResult
                context.write(data, promise: written)
                if closes {
                    phase = .idle
                    context.flush()
                    finish(context, mode: .output, promise: nil)
                } else {
                    next(context)
                }
            default: context.write(data, promise: promise)
            }
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            switch mode {
            case .input: context.close(mode: mode, promise: promise)
            case .output, .all: finish(context, mode: mode, promise: promise)
            }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            stall?.cancel()
            stall = nil
            if !context.channel.isWritable {
                stall = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.stall)) { [self] in
                    connection.closed(isStalled: true)
                    context.close(promise: nil)
                }
            }
            context.fireChannelWritabilityChanged()
        }

        private func startPings(_ context: ChannelHandlerContext) {
            let pause = TimeAmount(limits.ping)
            // Looked at more often than it is due, so that it is never late by much.
            let period = TimeAmount.nanoseconds(max(1_000_000, pause.nanoseconds / 4))
            let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            ping = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
                let (handler, context) = box.value
                guard NIODeadline.now() - handler.lastWrite >= pause, context.channel.isWritable else { return }
                handler.lastWrite = .now()
                context.writeAndFlush(handler.wrapOutboundOut(.body(Self.comment)), promise: nil)
            }
        }

        /// Goes on to the next request, which may be here already.
        private func next(_ context: ChannelHandlerContext) {
            guard !pipelined.isEmpty else {
                phase = .idle
                schedule(limits.keepAlive, context) { $0.close(promise: nil) }
                return
            }
            let isComplete = pipelined.removeFirst()
            phase = isComplete ? .waiting : .reading
            if !isComplete { schedule(limits.bodyTimeout, context) { [self] in refuse(.bodyTimeout, $0) } }
        }

        /// Closes when the last answer has gone out, of which a channel drops what it could not write yet; first the sending
        /// side, so that the client reads the answer to its end, and the rest a little later.
        private func finish(_ context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            guard let answered else { return context.close(mode: mode, promise: promise) }
            schedule(limits.stall, context) { $0.close(promise: nil) }
            let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            answered.whenComplete { _ in
                let (handler, context) = box.value
                context.close(mode: mode, promise: promise)
                if mode == .output { handler.schedule(Self.linger, context) { $0.close(promise: nil) } }
            }
        }

        private func schedule(
            _ time: Duration, _ context: ChannelHandlerContext, _ action: @escaping (ChannelHandlerContext) -> Void
        ) {
            deadline?.cancel()
            deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { action(context) }
        }

        private func settle() {
            deadline?.cancel()
            stall?.cancel()
            ping?.cancel()
            (deadline, stall, ping) = (nil, nil, nil)
        }
    }

    @available(*, unavailable)
    extension ConnectionGuard: Sendable {}
#endif
