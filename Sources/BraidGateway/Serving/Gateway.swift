#if Gateway
    public import Braid
    public import BraidStore
    internal import HummingbirdCore
    internal import Logging
    internal import NIOCore
    internal import NIOHTTP1
    internal import NIOPosix
    internal import ServiceLifecycle
    internal import Synchronization

    /// A server with OpenAI's routes, whose answers are runs.
    ///
    /// Whatever a client asks for is bounded, and refused before any work where there is no place for it. A run belongs to
    /// its request: when the client goes away, the run and everything that it does on engines is stopped.
    public final class Gateway: Sendable {
        private struct State {
            var isDraining = false
            var isCut = false
        }

        let models: [ServedModel]
        let configuration: GatewayConfiguration
        let gate: AdmissionGate
        let registry: RunRegistry
        let metrics = GatewayMetrics()
        let cache: SubproblemCache
        let store: DegradingStore?
        let page = PageFiles()
        let longWork = LongWork()
        let logger: Logger
        let hosts: HostCheck
        let bodies: BodyBudget
        private let state = Mutex(State())
        private let (drains, drainSource) = AsyncStream<Void>.makeStream()

        /// Assembles a server; nothing is listened on before ``run(listening:)``.
        /// - Parameters:
        ///   - models: what is served, at least one model with at least one method.
        ///   - store: where runs are kept; nil for the last ones in memory. Whoever opened it closes it.
        ///   - cache: where results of subtasks are kept.
        /// - Throws: ``GatewayError``.
        public init(
            models: [ServedModel], configuration: GatewayConfiguration, store: DegradingStore? = nil,
            cache: SubproblemCache = SubproblemCache()
        ) throws(GatewayError) {
            guard !models.isEmpty, models.allSatisfy({ !$0.methods.isEmpty }) else { throw .noModels }
            guard configuration.isLoopback || !configuration.keys.isEmpty || configuration.allowsEverybody else {
                throw .open(host: configuration.host)
            }
            self.models = models
            self.configuration = configuration
            self.store = store
            self.cache = cache
            gate = AdmissionGate(configuration.limits, keys: configuration.keys.count)
            registry = RunRegistry(keptRuns: configuration.limits.keptRuns, keptBytes: configuration.limits.keptBytes)
            hosts = HostCheck(configuration)
            bodies = BodyBudget(bytes: configuration.limits.allBodyBytes)
            let level = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .notice
            var logger = Logger(label: "braid") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = level
            self.logger = logger
        }

        /// Whether the server takes no more runs, because it is about to end.
        var isDraining: Bool { state.withLock { $0.isDraining } }

        /// Serves until ``drain()`` was called and its runs are over, or the calling task is cancelled.
        /// - Parameter listening: called once with the port.
        /// - Throws: ``GatewayError/cannotListen(host:port:reason:)``.
        public func run(listening: @escaping @Sendable (Int) -> Void) async throws {
            let limits = configuration.limits
            let builder = HTTPServerBuilder.http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionGuard(limits)],
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.headBytes, maxHeaderListSize: limits.headBytes,
                        maxHeaderFieldCount: limits.headFields)))
            let server = try builder.buildServer(
                configuration: ServerConfiguration(
                    address: .hostname(configuration.host, port: configuration.port), backlog: 1024,
                    availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
                responder: { (request, writer: consuming ResponseWriter, channel) in
                    try await self.respond(request, writer, channel)
                },
                onServerRunning: { channel in
                    do {
                        try await channel.eventLoop.submit { [logger = self.logger] in
                            try channel.pipeline.syncOperations.addHandler(AcceptGuard(logger), position: .first)
                        }.get()
                    } catch {
                        // It was closed at once, and will accept nothing.
                        return
                    }
                    listening(channel.localAddress?.port ?? self.configuration.port)
                })
            let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: logger))
            // Whether the server is over with what a task did.
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                tasks.addTask {
                    do {
                        try await group.run()
                        return true
                    } catch let error as IOError {
                        throw GatewayError.cannotListen(
                            host: self.configuration.host, port: self.configuration.port, reason: "\(error)")
                    }
                }
                tasks.addTask {
                    await self.watch()
                    return false
                }
                for model in self.models {
                    tasks.addTask {
                        await model.watch()
                        return false
                    }
                }
                tasks.addTask {
                    await self.prune()
                    return false
                }
                tasks.addTask {
                    await self.finishRuns()
                    await group.triggerGracefulShutdown()
                    // Clients that do not read their last bytes are not waited for.
                    try await Task.sleep(for: .seconds(3))
                    return true
                }
                defer { tasks.cancelAll() }
                while let isOver = try await tasks.next() {
                    if isOver { break }
                }
            }
        }

        /// Takes no more runs, lets those that go on finish as long as the configuration says, and then ends the server.
        public func drain() {
            let isFirst = state.withLock { state in
                defer { state.isDraining = true }
                return !state.isDraining
            }
            guard isFirst else { return }
            gate.close()
            drainSource.yield()
        }

        /// Watches over what is no run.
        /// - Parameter silence: Longest wait for one piece of an answer.
        func patience(silence: Duration? = nil) -> Patience {
            Patience(silence: silence, deadline: configuration.budget.deadline) {
                self.state.withLock { $0.isCut }
            }
        }

        /// Waits until the server is to end, and then until its runs are over or were cut.
        private func finishRuns() async {
            for await _ in drains { break }
            let end = ContinuousClock.now + configuration.drain
            do {
                while registry.runningCount + gate.counts.running > 0, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(20))
                }
                state.withLock { $0.isCut = true }
                for run in registry.running { run.stop(.shuttingDown) }
                // They stop between two tokens, and tell their clients.
                let last = ContinuousClock.now + .seconds(2)
                while registry.runningCount + gate.counts.running > 0, ContinuousClock.now < last {
                    try await Task.sleep(for: .milliseconds(10))
                }
            } catch {
                // The whole server was cancelled.
            }
        }

        /// Stops runs in which nothing happens.
        private func watch() async {
            let limit = configuration.limits.silence
            do {
                while true {
                    try await Task.sleep(for: min(.seconds(1), limit / 4))
                    for run in registry.running {
                        if let silence = run.silence, silence > limit {
                            run.stop(.idle(seconds: Int(limit.components.seconds)))
                        }
                    }
                }
            } catch {
                // The server has ended.
            }
        }

        /// Keeps the store within its limits.
        private func prune() async {
            guard let store else { return }
            do {
                while true {
                    await store.prune()
                    try await Task.sleep(for: .seconds(3600))
                }
            } catch {
                // The server has ended.
            }
        }
    }
#endif
