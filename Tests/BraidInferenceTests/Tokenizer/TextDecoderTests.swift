import Testing

@testable import BraidInference

struct TextDecoderTests {
    @Test("streamed text, put together, is the decoded text", arguments: TokenizerFixture.names)
    func streamingEqualsDecoding(name: String) throws {
        let (tokenizer, expected) = try TokenizerFixture.load(name)
        for ids in (expected.plain + expected.decoded).map(\.ids) {
            var decoder = TextDecoder(tokenizer, isStart: true)
            var text: [Unicode.Scalar] = []
            for id in ids { text += decoder.append(id).unicodeScalars }
            text += decoder.finish().unicodeScalars
            #expect(text == Array(tokenizer.decode(ids).unicodeScalars), "\(ids)")
        }
    }

    @Test("every string of two to four bytes near a boundary streams as it decodes")
    func allBoundaryBytesStreamAlike() throws {
        let (tokenizer, _) = try TokenizerFixture.load("gpt2")
        let edges: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        let tokens = try edges.map { byte in
            try #require(withUnsafeBytes(of: byte) { tokenizer.vocabulary.id(of: $0) })
        }
        var strings = tokens.map { [$0] }
        for _ in 0..<2 {
            strings = strings.flatMap { string in tokens.map { string + [$0] } }
            for string in strings {
                var decoder = TextDecoder(tokenizer, isStart: true)
                var text: [Unicode.Scalar] = []
                for id in string { text += decoder.append(id).unicodeScalars }
                text += decoder.finish().unicodeScalars
                if text != Array(tokenizer.decode(string).unicodeScalars) { Issue.record("\(string)") }
            }
        }
    }

    @Test("a character comes out when its last byte arrives, and not before")
    func partialCharactersAreHeldBack() throws {
        let (tokenizer, _) = try TokenizerFixture.load("llama3")
        let bytes = try "a\u{1F9D1}".utf8.map { byte in
            try #require(withUnsafeBytes(of: byte) { tokenizer.vocabulary.id(of: $0) })
        }
        var decoder = TextDecoder(tokenizer, isStart: true)
        #expect(bytes.map { decoder.append($0) } == ["a", "", "", "", "\u{1F9D1}"])
        #expect(decoder.finish() == "")
        #expect(bytes.prefix(3).map { decoder.append($0) } == ["a", "", ""])
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.append(bytes[0]) == "a")
    }
}
