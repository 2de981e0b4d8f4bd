#if Gateway
    import NIOCore
    import NIOHTTP1

    /// Keeps to what the versions of HTTP/1 demand beyond the form of messages: clients of HTTP/1.0 get neither chunks nor
    /// interim responses, and the end of the connection is their answer's end; a request of HTTP/1.1 names one host
    /// (RFC 9112, sections 2.3, 3.2, 6.1 and 9.3).
    ///
    /// Persistent connections of HTTP/1.0, an extension that nothing needs any more, are not offered.
    final class VersionHandler: ChannelDuplexHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias InboundOut = HTTPServerRequestPart
        typealias OutboundIn = HTTPServerResponsePart
        typealias OutboundOut = HTTPServerResponsePart

        /// What a request says about its answer.
        struct Terms {
            /// Whether the client reads HTTP/1.0 only.
            var isOld = false
            /// Whether the connection ends with the answer.
            var isLast = false
        }

        /// Requests that came and whose answers have not ended.
        private var requests = CircularBuffer<Terms>()

        /// Holds for the answer that is written now or next.
        var current: Terms { requests.first ?? Terms() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
            let isOld = head.version.major < 1 || head.version == .http1_0
            guard isOld || head.headers["host"].count == 1 else {
                return context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
            }
            let isLast = isOld || !head.isKeepAlive
            requests.append(Terms(isOld: isOld, isLast: isLast))
            // Those who read this know one spelling.
            if isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            switch unwrapOutboundIn(data) {
            case .head(let head) where head.status.code < 200:
                guard current.isOld else { return context.write(data, promise: promise) }
                promise?.succeed(())
            case .head(var head):
                if current.isOld { head.version = .http1_0 }
                if current.isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            case .body: context.write(data, promise: promise)
            case .end:
                if !requests.isEmpty { requests.removeFirst() }
                context.write(data, promise: promise)
            }
        }
    }

    @available(*, unavailable)
    extension VersionHandler: Sendable {}
#endif
