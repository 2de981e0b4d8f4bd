#if Gateway
    public import Braid
    public import BraidRemote
    internal import Instrumentation
    internal import Logging
    internal import Synchronization

    /// Sends the gateway's spans to a collector of OpenTelemetry, over HTTP in JSON.
    ///
    /// Spans wait for company up to five seconds; a bounded number waits, and what finds no place or cannot be sent is lost,
    /// which is logged once until sending works again. Requests never wait for it.
    public final class TraceExporter: Sendable {
        private static let interval = Duration.seconds(5)
        private static let timeout = Duration.seconds(10)

        private let url: String
        private let headers: [String: String]
        private let document: SpanDocument
        private let transport: any HTTPTransport
        private let logger: Logger
        private let queue = Mutex(SpanQueue<SpanRecord>())
        private let isFailing = Mutex(false)

        /// Creates an exporter.
        /// - Parameters:
        ///   - endpoint: the collector's address, to which `/v1/traces` is added, as `http://127.0.0.1:4318`.
        ///   - headers: what the collector wants besides, such as a key; never logged.
        ///   - service: what the spans are said to come from.
        ///   - transport: carries the requests.
        public init(
            endpoint: String, headers: [String: String] = [:], service: String = "braid",
            transport: any HTTPTransport, version: String = ProductVersion.current
        ) {
            self.headers = headers.merging(["content-type": "application/json", "user-agent": "braid"]) { $1 }
            url = (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/v1/traces"
            document = SpanDocument(service: service, version: version)
            self.transport = transport
            logger = Logger(label: "braid.traces") { StreamLogHandler.standardError(label: $0) }
        }

        /// The tracer whose spans are sent.
        var tracer: RecordingTracer {
            RecordingTracer { [self] span in queue.withLock { $0.add(span) } }
        }

        /// Makes this process's spans go here; at most once in a process, before the first of them.
        public func bootstrap() {
            InstrumentationSystem.bootstrap(tracer)
        }

        /// Sends what comes, until the calling task is cancelled.
        public func run() async {
            do {
                while true {
                    try await Task.sleep(for: Self.interval)
                    await flush()
                }
            } catch {
                // Whoever ended it sends the rest.
            }
        }

        /// Sends everything that waits, up to the first failure.
        public func flush() async {
            while true {
                let (spans, dropped) = queue.withLock { ($0.next(), $0.dropped) }
                guard !spans.isEmpty else { return }
                do {
                    try await send(spans)
                    isFailing.withLock { $0 = false }
                } catch {
                    let isFirst = isFailing.withLock { isFailing in
                        defer { isFailing = true }
                        return !isFailing
                    }
                    guard isFirst else { return }
                    logger.warning(
                        "traces are lost: the collector does not take them",
                        metadata: ["url": "\(url)", "error": "\(error)", "dropped": "\(dropped)"])
                    return
                }
            }
        }

        private func send(_ spans: [SpanRecord]) async throws {
            let request = HTTPRequest(.post, url, headers: headers, body: document.bytes(spans))
            try await Patience(deadline: Self.timeout, isCut: { false }).wait { [transport] in
                let response = try await transport.send(request)
                while try await response.nextBytes() != nil {}
                guard response.status < 300 else { throw TransportError.cut("it answered \(response.status)") }
            }
        }
    }
#endif
