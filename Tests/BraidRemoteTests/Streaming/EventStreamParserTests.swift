import BraidRemote
import Testing

/// The parser of event streams against a slow reading of the same text, over every way to split it.
@Suite struct EventStreamParserTests {
    private static let stream = """
        \u{FEFF}: a comment\ndata: {"text":"größer 東京 🙂"}\n\ndata: one\r\ndata:two\r\n\r\nevent: error\rdata:  spaced\r\r\
        id: 7\nretry: 10\n\ndata\n\n: ping\n\ndata: [DONE]\n\n
        """

    private static let expected = [
        ServerSentEvent(data: Array("{\"text\":\"größer 東京 🙂\"}".utf8)), ServerSentEvent(data: Array("one\ntwo".utf8)),
        ServerSentEvent(type: "error", data: Array(" spaced".utf8)), ServerSentEvent(data: []),
        ServerSentEvent(data: Array("[DONE]".utf8)),
    ]

    private func events(_ chunks: [ArraySlice<UInt8>], limit: Int = 1 << 20) throws -> [ServerSentEvent] {
        var parser = EventStreamParser(limit: limit)
        var events: [ServerSentEvent] = []
        for chunk in chunks { events += try parser.consume(chunk) }
        return events + parser.finish()
    }

    @Test func readsEveryFormOfLine() throws {
        #expect(try events([Array(Self.stream.utf8)[...]]) == Self.expected)
    }

    @Test func givesTheSameEventsAtEveryPairOfSplits() throws {
        let bytes = Array(Self.stream.utf8)
        for first in bytes.indices {
            for second in first...bytes.count {
                let chunks = [bytes[..<first], bytes[first..<second], bytes[second...]]
                guard try events(chunks) == Self.expected else {
                    Issue.record("other events when split at \(first) and \(second)")
                    return
                }
            }
        }
    }

    @Test func givesTheSameEventsAtEveryBoundaryOfALongStream() throws {
        let line = "data: {\"choices\":[{\"text\":\" é\",\"token_ids\":[17]}]}\n\n"
        let bytes = Array(String(repeating: line, count: 1000).utf8)
        let whole = try events([bytes[...]])
        #expect(whole.count == 1000)
        // A split is seen only by the line it falls into, so those of two lines stand for all 50,000.
        for split in 0..<(2 * line.utf8.count) {
            #expect(try events([bytes[..<split], bytes[split...]]) == whole)
        }
        #expect(try events(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test func endsAnEventWithoutItsBlankLine() throws {
        #expect(try events([Array("data: a\n\ndata: b".utf8)[...]]).map(\.data) == [Array("a".utf8), Array("b".utf8)])
        #expect(try events([]) == [])
    }

    @Test func keepsBytesThatAreNoText() throws {
        let bytes: [UInt8] = Array("data: ".utf8) + [0xFF, 0x00, 0xC3] + Array("\n\n".utf8)
        #expect(try events([bytes[...]]).map(\.data) == [[0xFF, 0x00, 0xC3]])
    }

    @Test func refusesAnEventWithoutEnd() {
        let bytes = Array(("data: " + String(repeating: "x", count: 200)).utf8)
        #expect(throws: EventStreamError.eventTooLong(limit: 100)) { try events([bytes[...]], limit: 100) }
        let many = Array(String(repeating: "data: xxxxxxxxxx\n", count: 20).utf8)
        #expect(throws: EventStreamError.eventTooLong(limit: 100)) { try events([many[...]], limit: 100) }
    }
}
