#if Gateway
    import Braid
    import BraidRemote
    import Foundation
    import HTTPTypes
    import Instrumentation
    import ServiceContextModule
    import Synchronization
    import Testing
    import Tracing

    @testable import BraidGateway

    /// What a tracer is told, and what a collector gets of it.
    @Suite struct TracingTests {
        /// Takes every span of this process: a tracer can be set up only once.
        private static let recorded: Mutex<[SpanRecord]> = {
            InstrumentationSystem.bootstrap(RecordingTracer { span in recorded.withLock { $0.append(span) } })
            return Mutex([])
        }()

        private static func spans(of trace: String) -> [SpanRecord] {
            recorded.withLock { $0.filter { $0.place.trace == trace } }
        }

        private static let question = #"{"model": "m", "messages": [{"role": "user", "content": "?"}]}"#

        private static func header(_ trace: String, flags: String = "01") -> [String: String] {
            ["traceparent": "00-\(trace)-00f067aa0ba902b7-\(flags)"]
        }

        // MARK: Spans

        @Test func aRequestItsRunAndItsThreadsAreOneTrace() async throws {
            _ = Self.recorded.withLock(\.count)
            let trace = "11f92f3577b34da6a3ce929d0e0e4736"
            try await TestGateway.run([TestGateway.model(PacedEngine.forking())]) { server in
                let answer = try await server.ask(
                    "POST", "/v1/chat/completions", json: Self.question, fields: Self.header(trace))
                #expect(answer.status == 200)
                #expect(try await eventually { Self.spans(of: trace).contains { $0.kind == .server } })
            }
            let spans = Self.spans(of: trace)
            func only(_ name: String) throws -> SpanRecord {
                #expect(spans.count { $0.name == name } == 1)
                return try #require(spans.first { $0.name == name })
            }
            let request = try only("POST /v1/chat/completions")
            #expect(request.parent == "00f067aa0ba902b7")
            #expect(request.kind == .server)
            #expect(request.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(200))
            let run = try only("invoke_agent adaptive")
            #expect(run.parent == request.place.span)
            let threads = [try only("thread 0.1"), try only("thread 0.2")]
            #expect(threads.map(\.parent) == [run.place.span, run.place.span])
            // The main line's: before the threads, after them, and the answer; and one of each thread.
            let stretches = spans.filter { $0.name == "text_completion m" }
            #expect(
                stretches.compactMap(\.parent).sorted()
                    == (Array(repeating: run.place.span, count: 3) + threads.map(\.place.span)).sorted())
            #expect(stretches.allSatisfy { $0.kind == .client })
            for span in spans { #expect(span.start <= span.end) }
            for stretch in stretches where stretch.parent == threads[0].place.span {
                #expect(threads[0].start <= stretch.start && stretch.end <= threads[0].end)
            }
        }

        @Test func whatEnginesDoBelongsToTheRequestsSpan() async throws {
            _ = Self.recorded.withLock(\.count)
            let upstream = FakeUpstream(type: "application/json", pieces: ["{}"])
            var model = TestGateway.model(PacedEngine.simple())
            model.upstream = UpstreamChat(
                transport: upstream, url: try EngineURL("http://127.0.0.1:1"), credential: nil, model: "real")
            let trace = "22f92f3577b34da6a3ce929d0e0e4736"
            try await TestGateway.run([model]) { server in
                let body = #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#
                _ = try await server.ask("POST", "/v1/chat/completions", json: body, fields: Self.header(trace))
                #expect(try await eventually { !Self.spans(of: trace).isEmpty })
            }
            let sent = try #require(upstream.asked.first?.headers["traceparent"])
            #expect(sent == "00-\(trace)-\(try #require(Self.spans(of: trace).first).place.span)-01")
        }

        @Test func aTraceThatItsSenderDoesNotRecordIsNotRecordedHere() async throws {
            _ = Self.recorded.withLock(\.count)
            let (silent, loud) = ("33f92f3577b34da6a3ce929d0e0e4736", "44f92f3577b34da6a3ce929d0e0e4736")
            try await TestGateway.run([TestGateway.model(PacedEngine.forking())]) { server in
                for (trace, flags) in [(silent, "00"), (loud, "01")] {
                    _ = try await server.ask(
                        "POST", "/v1/chat/completions", json: Self.question, fields: Self.header(trace, flags: flags))
                }
                #expect(try await eventually { Self.spans(of: loud).contains { $0.kind == .server } })
            }
            #expect(Self.spans(of: silent).isEmpty)
        }

        @Test func aFailedRequestIsAnErrorAndARefusedOneIsNot() async throws {
            _ = Self.recorded.withLock(\.count)
            let traces = ["55f92f3577b34da6a3ce929d0e0e4736", "66f92f3577b34da6a3ce929d0e0e4736"]
            let engine = PacedEngine { _ in [.fail(.failed("broken"))] }
            try await TestGateway.run([TestGateway.model(engine)]) { server in
                for (trace, body) in zip(traces, [Self.question, "{}"]) {
                    _ = try await server.ask("POST", "/v1/chat/completions", json: body, fields: Self.header(trace))
                    #expect(try await eventually { Self.spans(of: trace).contains { $0.kind == .server } })
                }
            }
            let failed = Self.spans(of: traces[0]).filter { $0.status?.code == .error }
            #expect(failed.contains { $0.kind == .server })
            #expect(Self.spans(of: traces[1]).allSatisfy { $0.status == nil })
        }

        @Test func aSpanThatIsOverChangesNoMore() {
            let taken = Mutex<[SpanRecord]>([])
            let tracer = RecordingTracer { span in taken.withLock { $0.append(span) } }
            let span = tracer.startSpan("a", context: .topLevel)
            span.attributes["x"] = 1
            span.end()
            span.attributes["x"] = 2
            span.operationName = "b"
            span.end()
            #expect(!span.isRecording)
            let spans = taken.withLock { $0 }
            #expect(spans.map(\.name) == ["a"])
            #expect(spans.map { $0.attributes.get("x") } == [.int64(1)])
            #expect(spans[0].parent == nil && spans[0].place.isSampled)
            var fields = HTTPFields()
            tracer.inject(span.context, into: &fields, using: HTTPFieldsInjector())
            #expect(fields[.traceParent] == spans[0].place.description)
        }

        // MARK: Export

        private static func span(_ name: String) -> SpanRecord {
            SpanRecord(
                place: TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") ?? TraceContext(),
                parent: "00f067aa0ba902b8", name: name, kind: .server, start: 1_700_000_000_000_000_001, end: 5,
                attributes: ["text": "a\"b", "count": 7, "share": 0.5, "is": true], status: SpanStatus(code: .error))
        }

        @Test func aDocumentIsAsTheProtocolHasIt() throws {
            let bytes = SpanDocument(service: "s", version: "1").bytes([Self.span("POST /x")])
            let document = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
            let expected: NSDictionary = [
                "resourceSpans": [
                    [
                        "resource": ["attributes": [["key": "service.name", "value": ["stringValue": "s"]]]],
                        "scopeSpans": [
                            [
                                "scope": ["name": "braid", "version": "1"],
                                "spans": [
                                    [
                                        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
                                        "parentSpanId": "00f067aa0ba902b8", "name": "POST /x", "kind": 2,
                                        // A clock that went back makes no negative time.
                                        "startTimeUnixNano": "1700000000000000001",
                                        "endTimeUnixNano": "1700000000000000001",
                                        "attributes": [
                                            ["key": "count", "value": ["intValue": "7"]],
                                            ["key": "is", "value": ["boolValue": true]],
                                            ["key": "share", "value": ["doubleValue": 0.5]],
                                            ["key": "text", "value": ["stringValue": "a\"b"]],
                                        ],
                                        "status": ["code": 2],
                                    ]
                                ],
                            ]
                        ],
                    ]
                ]
            ]
            #expect(document == expected)
        }

        @Test func whatWaitsIsBounded() {
            var queue = SpanQueue<Int>()
            for number in 0..<SpanQueue<Int>.limit + 3 { queue.add(number) }
            #expect(queue.dropped == 3)
            var taken: [Int] = []
            while case let next = queue.next(), !next.isEmpty {
                #expect(next.count <= SpanQueue<Int>.batch)
                taken += next
            }
            #expect(taken == Array(0..<SpanQueue<Int>.limit))
        }

        @Test func spansAreSentTogether() async throws {
            let collector = FakeUpstream(type: "application/json", pieces: ["{}"])
            let exporter = TraceExporter(
                endpoint: "http://127.0.0.1:4318/", headers: ["api-key": "k", "content-type": "text/plain"],
                transport: collector)
            for number in 0..<600 { exporter.tracer.startSpan("span \(number)", context: .topLevel).end() }
            await exporter.flush()
            #expect(collector.asked.map(\.url) == Array(repeating: "http://127.0.0.1:4318/v1/traces", count: 2))
            #expect(collector.asked.allSatisfy { $0.headers["content-type"] == "application/json" })
            #expect(collector.asked.allSatisfy { $0.headers["api-key"] == "k" })
            let sent = collector.asked.map { String(decoding: $0.body ?? [], as: UTF8.self) }
            #expect(sent.map { $0.components(separatedBy: "\"spanId\"").count - 1 } == [512, 88])
            await exporter.flush()
            #expect(collector.asked.count == 2)
        }

        @Test func aCollectorThatFailsCostsSpansOnly() async throws {
            let isThere = Mutex(false)
            let collector = FakeUpstream {
                guard isThere.withLock({ $0 }) else { throw TransportError.unreachable("nobody") }
                return BraidRemote.HTTPResponse(status: 200, headers: [:]) { nil }
            }
            let exporter = TraceExporter(endpoint: "http://127.0.0.1:4318", transport: collector)
            for _ in 0..<3 {
                for _ in 0..<600 { exporter.tracer.startSpan("span", context: .topLevel).end() }
                await exporter.flush()
            }
            // Each time one request was tried.
            #expect(collector.asked.count == 3)
            isThere.withLock { $0 = true }
            await exporter.flush()
            #expect(collector.asked.count == 4)
        }
    }
#endif
