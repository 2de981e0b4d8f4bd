import Foundation
import Testing

@testable import BraidInference

@Suite("The tokenizers of the model families give the same ids as Hugging Face tokenizers")
struct FamilyParityTests {
    @Test("ten thousand random texts, plain and with control tokens", arguments: FamilyFixture.names)
    func randomTextsEncodeAlike(name: String) throws {
        let (tokenizer, expected) = try FamilyFixture.load(name)
        var texts = try expected.texts(of: name)
        let hashes = Array(expected.hashes.utf8)
        #expect(hashes.count == FamilyFixture.count * 8)
        var different: [String] = []
        for index in 0..<FamilyFixture.count {
            let text = texts.text()
            let hash = FamilyFixture.hash(text, by: tokenizer)
            if !hash.utf8.elementsEqual(hashes[index * 8..<index * 8 + 8]) { different.append(text) }
        }
        #expect(different.isEmpty, "\(different.count): \(different.prefix(5).map(\.debugDescription))")

        let decoded = Array(expected.decoded.utf8)
        let size = tokenizer.vocabularySize
        var wrong: [[Int32]] = []
        for index in 0..<FamilyFixture.count / 10 {
            var ids: [Int32] = []
            for _ in 0..<1 + texts.below(12) {
                ids.append(Int32(texts.below(texts.below(3) != 0 ? size : min(size, 300))))
            }
            let hash = FamilyFixture.hash(tokenizer.decode(ids).utf8.map(UInt32.init))
            if !hash.utf8.elementsEqual(decoded[index * 8..<index * 8 + 8]) { wrong.append(ids) }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(3))")
    }

    @Test("awkward texts", arguments: FamilyFixture.names)
    func awkwardTextsEncodeAlike(name: String) throws {
        let (tokenizer, expected) = try FamilyFixture.load(name)
        #expect(expected.awkward.count > 100)
        for pair in expected.awkward {
            #expect(FamilyFixture.hash(pair[0], by: tokenizer) == pair[1], "\(pair[0].prefix(80).debugDescription)")
        }
        #expect(tokenizer.beginTokenIDs == expected.begin)
    }

    @Test("streamed text, put together, is the decoded text", arguments: FamilyFixture.names)
    func streamingEqualsDecoding(name: String) throws {
        let (tokenizer, expected) = try FamilyFixture.load(name)
        var texts = try expected.texts(of: name)
        for _ in 0..<300 {
            let ids = tokenizer.encode(texts.text(), allowingControlTokens: true)
            var decoder = TextDecoder(tokenizer, isStart: true)
            var text = ""
            for id in ids { text += decoder.append(id) }
            text += decoder.finish()
            #expect(text.utf8.elementsEqual(tokenizer.decode(ids).utf8))
        }
    }

    @Test("pieces of a text give the ids of the text, and control tokens only where they are trusted")
    func piecesEncodeAsTheirText() throws {
        for name in FamilyFixture.names {
            let (tokenizer, expected) = try FamilyFixture.load(name)
            var texts = try expected.texts(of: name)
            for _ in 0..<500 {
                let pieces = (0..<1 + texts.below(4)).map { _ in (text: texts.text(), isTrusted: true) }
                let whole = pieces.map(\.text).joined()
                #expect(tokenizer.encode(pieces) == tokenizer.encode(whole, allowingControlTokens: true))
                let plain = pieces.map { (text: $0.text, isTrusted: false) }
                #expect(tokenizer.encode(plain) == tokenizer.encode(whole))
                // The unknown token alone may come from plain text: where a character is no token.
                let unknown = tokenizer.id(ofControlToken: "<unk>")
                #expect(!tokenizer.encode(plain).contains { tokenizer.isControlToken($0) && $0 != unknown })
            }
            guard name != "unknowns", let tag = expected.tags.last(where: { $0 != "<mask>" && $0 != "<pad>" }) else {
                continue
            }
            let middle = tag.index(after: tag.startIndex)
            let torn = [
                (text: String(tag[..<middle]), isTrusted: true), (text: String(tag[middle...]), isTrusted: false),
            ]
            #expect(!tokenizer.encode(torn).contains(where: tokenizer.isControlToken), "\(name)")
        }
    }

    @Test("a megabyte takes time in proportion", arguments: FamilyFixture.names)
    func longTextsDoNotHang(name: String) throws {
        let (tokenizer, _) = try FamilyFixture.load(name)
        let units = ["the quick brown fox, 123 ", "A", " ", "\u{1E0B}\u{323}", "\n \n", "日本", "'s", "\u{301}"]
        for unit in units {
            let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
            let start = ContinuousClock.now
            let ids = tokenizer.encode(text)
            // A quadratic algorithm takes an hour.
            #expect(ContinuousClock.now - start < .seconds(60), "\(unit.debugDescription)")
            #expect(!ids.isEmpty)
        }
    }
}
