#if Gateway
    import Logging
    import NIOCore

    #if canImport(Glibc)
        import Glibc
    #else
        import Darwin
    #endif

    /// Keeps a server listening while no connection can be accepted, because no file descriptor or no memory is left:
    /// clients wait until there is one again.
    ///
    /// Such an error would end the sequence of connections, and with it the server.
    final class AcceptGuard: ChannelInboundHandler {
        typealias InboundIn = any Channel

        /// Errors that pass.
        private static let passing: Set<CInt> = [ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM]
        /// How long nothing is accepted after one.
        private static let pause = TimeAmount.milliseconds(100)
        /// How often it is logged at most.
        private static let silence = TimeAmount.seconds(60)

        private let logger: Logger
        private var nextWarning = NIODeadline.uptimeNanoseconds(0)

        init(_ logger: Logger) {
            self.logger = logger
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard let error = error as? IOError, Self.passing.contains(error.errnoCode) else {
                return context.fireErrorCaught(error)
            }
            let now = NIODeadline.now()
            if now >= nextWarning {
                nextWarning = now + Self.silence
                logger.warning("connections cannot be accepted; clients wait", metadata: ["error": "\(error)"])
            }
            // The connection that waits would be offered again at once, and again.
            read(false, context)
            let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.pause) {
                let (handler, context) = box.value
                handler.read(true, context)
            }
        }

        private func read(_ isReading: Bool, _ context: ChannelHandlerContext) {
            context.channel.setOption(ChannelOptions.autoRead, value: isReading).whenFailure { [logger] error in
                // The server has ended.
                logger.debug("no more connections are accepted", metadata: ["error": "\(error)"])
            }
        }
    }

    @available(*, unavailable)
    extension AcceptGuard: Sendable {}
#endif
