import Testing

@testable import BraidGateway

/// What passes from a writer to a slower reader.
struct ByteRelayTests {
    @Test func everythingArrivesInOrder() async throws {
        let relay = ByteRelay(limit: 8)
        let sent = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        async let writing: Void = {
            for start in stride(from: 0, to: sent.count, by: 5) {
                try await relay.send(Array(sent[start..<(start + 5)]))
            }
            relay.finish()
        }()
        var received: [UInt8] = []
        while let bytes = await relay.next() {
            // One piece may pass the limit, and one may come while the reader takes.
            #expect(bytes.count <= 8 + 2 * 5)
            received += bytes
        }
        try await writing
        #expect(received == sent)
        #expect(await relay.next() == nil)
    }

    @Test func aWriterEndsWhenNobodyReads() async throws {
        let relay = ByteRelay(limit: 1)
        let writing = Task { try await relay.send([1, 2, 3]) }
        relay.abandon()
        await #expect(throws: CancellationError.self) { try await writing.value }
        let cancelled = ByteRelay(limit: 1)
        let waiting = Task { try await cancelled.send([1, 2, 3]) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test func aReaderEndsWhenItIsCancelled() async {
        let relay = ByteRelay(limit: 1)
        let reading = Task { await relay.next() }
        reading.cancel()
        #expect(await reading.value == nil)
    }
}
