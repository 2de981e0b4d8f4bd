import Foundation
import Testing

@testable import BraidInference

struct TokenizerTests {
    @Test("user text never becomes a control token", arguments: TokenizerFixture.names)
    func plainTextNeverYieldsControlTokens(name: String) throws {
        let (tokenizer, expected) = try TokenizerFixture.load(name)
        #expect(tokenizer.controlTags.contains("<Parallel>"))
        let texts = expected.plain.map(\.text) + tokenizer.controlTags + tokenizer.controlTags.map { "x\($0) \($0)\n" }
        for text in texts {
            #expect(!tokenizer.encode(text).contains(where: tokenizer.isControlToken), "\(text.debugDescription)")
        }
    }

    @Test("a control token is found by its tag and decoded to its tag", arguments: TokenizerFixture.names)
    func controlTokensRoundTrip(name: String) throws {
        let (tokenizer, _) = try TokenizerFixture.load(name)
        for tag in tokenizer.controlTags where tag != "<mask>" {
            let id = try #require(tokenizer.id(ofControlToken: tag))
            #expect(tokenizer.encode(tag, allowingControlTokens: true) == [id])
            #expect(tokenizer.decode([id]) == tag)
            #expect(tokenizer.bytes(of: id) == Array(tag.utf8))
        }
        #expect(tokenizer.id(ofControlToken: "the") == nil)
        #expect(tokenizer.id(ofControlToken: "<parallel>") == nil)
    }

    @Test("the longest control token wins")
    func longestControlTokenWins() throws {
        let (tokenizer, _) = try TokenizerFixture.load("llama3")
        let short = try #require(tokenizer.id(ofControlToken: "<Ret"))
        let long = try #require(tokenizer.id(ofControlToken: "<Return>"))
        #expect(tokenizer.encode("<Return><Return", allowingControlTokens: true).prefix(2) == [long, short])
    }

    @Test("numbers of up to three digits are one token, longer ones go digit by digit")
    func numbersAreOneTokenOrDigits() throws {
        let (tokenizer, _) = try TokenizerFixture.load("numbers")
        #expect(tokenizer.encode("765").count == 1)
        #expect(tokenizer.encode(" 42").count == 1)
        #expect(tokenizer.encode("48291").count == 5)
        #expect(tokenizer.encode(" 48291").count == 5)
    }

    @Test("ids that are no tokens have no bytes", arguments: [-1, Int32.min, 1_000_000, Int32.max])
    func unknownIDsDecodeToNothing(id: Int32) throws {
        let (tokenizer, _) = try TokenizerFixture.load("gpt2")
        #expect(tokenizer.bytes(of: id).isEmpty)
        #expect(tokenizer.decode([id]) == "")
        var decoder = TextDecoder(tokenizer)
        #expect(decoder.append(id) == "")
    }

    @Test(
        "a piece of a hundred thousand bytes is merged in no time",
        arguments: ["the", "9", " ", "é", "e\u{301}", "🙂", "!"])
    func longPiecesDoNotHang(unit: String) throws {
        for name in TokenizerFixture.names {
            let (tokenizer, _) = try TokenizerFixture.load(name)
            let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
            let start = ContinuousClock.now
            let ids = tokenizer.encode(text)
            // A quadratic algorithm takes minutes; this takes a tenth of a second in a release build.
            #expect(ContinuousClock.now - start < .seconds(30))
            let decoded = tokenizer.decode(ids)
            #expect(decoded == text || decoded == " " + text)
        }
    }

    @Test("the queue and the scan merge alike")
    func queueAndScanAgree() throws {
        // Pieces just below and just above the length at which the algorithm changes, with many equal pairs.
        let (tokenizer, _) = try TokenizerFixture.load("gpt2")
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let length = Int.random(in: 2...24, using: &random)
            let word = String((0..<length).map { _ in "theinrsqu".randomElement(using: &random) ?? "t" })
            let long = tokenizer.encode(word + "\u{41B}" + String(repeating: "z", count: 30))
            let short = tokenizer.encode(word)
            // No merge crosses from a Latin letter into Cyrillic, so the long piece begins with the short one.
            #expect(Array(long.prefix(short.count)) == short, "\(word)")
        }
    }

    @Test("the fingerprint depends on vocabulary and merges only, and not on the process")
    func fingerprintsAreStable() throws {
        let fingerprints = try TokenizerFixture.names.map { try TokenizerFixture.load($0).tokenizer.fingerprint }
        #expect(Set(fingerprints).count == 3)
        #expect(fingerprints == ["a26a890c08baaefb", "58257278c82cf970", "9e9e6665859fc31a"])
    }

    @Test(
        "the first token of a context comes from tokenizer_config.json",
        arguments: [#""<|end|>""#, #"{"content": "<|end|>"}"#])
    func beginTokenIsRead(value: String) throws {
        let folder = try TemporaryModelFolder()
        let source = TokenizerFixture.folder.appendingPathComponent("numbers/tokenizer.json")
        try folder.write(Array(Data(contentsOf: source)), to: "tokenizer.json")
        #expect(try Tokenizer(contentsOf: folder.url).bosTokenID == nil)
        try folder.write(#"{"bos_token": \#(value)}"#, to: "tokenizer_config.json")
        #expect(try Tokenizer(contentsOf: folder.url).bosTokenID == 0)
        try folder.write(#"{"bos_token": null}"#, to: "tokenizer_config.json")
        #expect(try Tokenizer(contentsOf: folder.url).bosTokenID == nil)
    }

    @Test("many tasks may encode at once")
    func encodingIsConcurrent() async throws {
        let (tokenizer, expected) = try TokenizerFixture.load("llama3")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { expected.plain.allSatisfy { tokenizer.encode($0.text) == $0.ids } }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
