#if Remote
    @testable import BraidRemote
    import Braid
    import Foundation
    import Testing

    /// The real transport against a scripted server on loopback: what crosses a socket, and what breaks there.
    @Suite struct NetworkTransportTests {
        private static let events = [
            "{\"content\":\"ü\",\"tokens\":[1],\"tokens_predicted\":1,\"stop\":false}",
            "{\"content\":\"🙂\",\"tokens\":[2],\"tokens_predicted\":2,\"stop\":false}",
            "{\"content\":\"\",\"tokens\":[101],\"tokens_predicted\":3,\"stop\":false}",
            "{\"content\":\"\",\"tokens\":[],\"tokens_predicted\":3,\"stop\":true,\"stop_type\":\"eos\"}",
        ]
        private static let stream = Array(events.map { "data: \($0)\n\n" }.joined().utf8)

        private func engine(
            _ server: LoopbackServer,
            options: RemoteEngineOptions = Servers.options(vocabulary: Servers.vocabulary(decodes: false)),
            time: TimeLimit = TimeLimit(wait: Servers.endingPauses)
        ) throws -> RemoteEngine {
            let address = EngineAddress(
                url: try EngineURL(server.url), model: "m", credential: Credential("sk-planted"))
            return RemoteEngine(
                [
                    RemoteEndpoint(
                        url: address.url,
                        adapter: LlamaServerAdapter(tier: .tokens, contextLength: 100, address: address), model: "m",
                        contextLength: 100, capacity: 4, tags: Servers.tags)
                ], options: options, transport: NetworkTransport(), time: time, jitter: { 0 })
        }

        private func decode(_ engine: RemoteEngine) async throws -> Servers.Decoded {
            try await Servers.decode(try await engine.open("a"))
        }

        @Test func aStreamIsReadInWhateverPiecesItComes() async throws {
            for size in [1, 2, 3, 7, 64, 100_000] {
                let server = try LoopbackServer { connection, _ in
                    guard connection.readRequest() != nil else { return }
                    connection.writeStreamHead()
                    for start in stride(from: 0, to: Self.stream.count, by: size) {
                        connection.write(Self.stream[start..<min(start + size, Self.stream.count)])
                    }
                }
                let decoded = try await decode(try engine(server))
                #expect(decoded == .init(ids: [1, 2, 101], text: "ü🙂</Go>", stop: .control("</Go>")))
            }
        }

        @Test func chunkedBodiesAndCommentsAreRead() async throws {
            let server = try LoopbackServer { connection, _ in
                guard let request = connection.readRequest(), request.contains("Bearer sk-planted") else { return }
                connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
                        .utf8)
                let body = Array(": keep-alive\n\n".utf8) + Self.stream
                for start in stride(from: 0, to: body.count, by: 11) {
                    let part = body[start..<min(start + 11, body.count)]
                    connection.write(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8))
                }
                connection.write("0\r\n\r\n".utf8)
                _ = connection.read()
            }
            #expect(try await decode(try engine(server)).ids == [1, 2, 101])
        }

        @Test func aStreamCutAnywhereIsNeverAStop() async throws {
            // Cut before its stop token arrived; every third byte, and with a reset in place of an end.
            let last = Self.stream.count - Array("data: \(Self.events[2])\n\ndata: \(Self.events[3])\n\n".utf8).count
            for cut in stride(from: 0, through: last, by: 9) {
                let server = try LoopbackServer { connection, number in
                    guard connection.readRequest() != nil else { return }
                    connection.writeStreamHead()
                    connection.write(Self.stream[..<cut])
                    if number % 2 == 1 { connection.reset() }
                }
                let failing = try engine(server)
                await #expect(throws: EngineError.self) { try await decode(failing) }
                #expect(failing.pool.limits[0].inFlight == 0)
            }
        }

        @Test func whatBreaksBeforeTheAnswerIsTriedAgain() async throws {
            let faults: [@Sendable (LoopbackServer.Connection) -> Void] = [
                { $0.reset() }, { _ in }, { $0.write("HTTP/1.1 200 OK\r\ncontent-ty".utf8) },
                { $0.write("HTTP/1.1 429 Slow\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n".utf8) },
                { $0.write("HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}".utf8) },
            ]
            for fault in faults {
                let server = try LoopbackServer { connection, number in
                    guard connection.readRequest() != nil else { return }
                    if number == 0 { return fault(connection) }
                    connection.writeStreamHead()
                    connection.write(Self.stream)
                }
                let engine = try engine(server)
                #expect(try await decode(engine).ids == [1, 2, 101])
                #expect(engine.statistics.retries <= 1)
            }
        }

        @Test func nobodyAtTheAddressIsSaid() async throws {
            let transport = NetworkTransport()
            let error = await #expect(throws: RemoteEngineError.self) {
                try await RemoteEngine.connect(to: [try EngineURL("http://127.0.0.1:1")], transport: transport)
            }
            #expect(
                error?.description == "the engine http://127.0.0.1:1: it cannot be reached: Connection refused; "
                    + "start it, or correct the address")
        }

        @Test func aRedirectIsNotFollowedWithTheKey() async throws {
            let server = try LoopbackServer { connection, number in
                guard connection.readRequest() != nil else { return }
                #expect(number == 0)
                connection.write("HTTP/1.1 307 Go\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".utf8)
            }
            let engine = try engine(server)
            await #expect(throws: EngineError.self) { try await decode(engine) }
        }

        @Test(arguments: [0, 1, 2]) func aClosedCallReachesTheServer(_ tokens: Int) async throws {
            let closed = AsyncStream<Void>.makeStream()
            let begun = AsyncStream<Void>.makeStream()
            let server = try LoopbackServer { connection, _ in
                guard connection.readRequest() != nil else { return }
                connection.writeStreamHead()
                for event in Self.events.prefix(tokens) { connection.write("data: \(event)\n\n".utf8) }
                begun.continuation.yield()
                // The next thing that comes from the peer is its end.
                if connection.read() == nil { closed.continuation.yield() }
            }
            let engine = try engine(server)
            let context = try await engine.open("a")
            let task = Task { try await Servers.decode(context) }
            for await _ in begun.stream { break }
            task.cancel()
            _ = await task.result
            for await _ in closed.stream { break }
            #expect(engine.pool.limits[0].inFlight == 0)
        }

        @Test func silenceAfterTheHeadIsAnErrorAndClosesTheConnection() async throws {
            let closed = AsyncStream<Void>.makeStream()
            let server = try LoopbackServer { connection, _ in
                guard connection.readRequest() != nil else { return }
                if connection.read() == nil { closed.continuation.yield() }
            }
            // Time passes at once, so the wait for the head is over before it begins.
            let engine = try engine(server, time: TimeLimit(wait: { _ in }))
            await #expect(throws: EngineError.self) { try await decode(engine) }
            for await _ in closed.stream { break }
        }
    }
#endif
