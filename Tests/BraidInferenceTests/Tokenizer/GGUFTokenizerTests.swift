import Foundation
import Testing

@testable import BraidInference

@Suite("A tokenizer in a GGUF file gives the ids of its tokenizer.json")
struct GGUFTokenizerTests {
    private func load(_ name: String) throws -> Tokenizer {
        try Tokenizer(GGUFFile(contentsOf: FamilyFixture.folder(name).appendingPathComponent("vocabulary.gguf")))
    }

    @Test("byte-level vocabularies, plain and with control tokens", arguments: ["llama3", "qwen2", "tekken"])
    func byteLevelVocabulariesAreAlike(name: String) throws {
        let (tokenizer, expected) = try FamilyFixture.load(name)
        let gguf = try load(name)
        var texts = try expected.texts(of: name)
        for _ in 0..<2_000 {
            let text = texts.text()
            #expect(gguf.encode(text) == tokenizer.encode(text), "\(text.debugDescription)")
            let ids = tokenizer.encode(text, allowingControlTokens: true)
            #expect(gguf.encode(text, allowingControlTokens: true) == ids)
            #expect(gguf.decode(ids).utf8.elementsEqual(tokenizer.decode(ids).utf8))
        }
        #expect(gguf.controlTags == tokenizer.controlTags)
        #expect(gguf.fingerprint == tokenizer.fingerprint)
    }

    @Test("SentencePiece vocabularies, whose scores decide")
    func sentencePieceVocabulariesAreAlike() throws {
        // The same vocabulary with Llama 2's space before every text, which is also llama.cpp's.
        let (tokenizer, expected) = try FamilyFixture.load("llama2")
        let gguf = try load("mistral")
        var texts = try expected.texts(of: "llama2")
        for _ in 0..<5_000 {
            let text = texts.text()
            let ids = tokenizer.encode(text)
            #expect(gguf.encode(text) == ids, "\(text.debugDescription)")
            #expect(gguf.decode(ids).utf8.elementsEqual(tokenizer.decode(ids).utf8))
        }
        #expect(gguf.controlTags == (try FamilyFixture.load("mistral").tokenizer.controlTags))
        // As in llama.cpp, a text after a control token gets its space, too.
        let instruction = try #require(gguf.id(ofControlToken: "[INST]"))
        #expect(gguf.encode("[INST]the", allowingControlTokens: true) == [instruction] + gguf.encode("the"))
    }

    @Test("what begins a context")
    func beginTokensAreRead() throws {
        #expect(try load("mistral").beginTokenIDs == [1])
        #expect(try load("mistral").bosTokenID == 1)
        let llama = try load("llama3")
        #expect(llama.beginTokenIDs == [llama.id(ofControlToken: "<|begin_of_text|>")])
        #expect(try load("qwen2").beginTokenIDs.isEmpty)
        #expect(try load("tekken").beginTokenIDs.isEmpty)
    }

    @Test("a chat template in a GGUF file")
    func chatTemplatesAreRead() throws {
        let file = try GGUFFile(contentsOf: FamilyFixture.folder("llama3").appendingPathComponent("vocabulary.gguf"))
        let prompt = try #require(try ChatTemplate(file)).render([ChatMessage(.user, "<|eot_id|>x")])
        #expect(prompt.pieces.map(\.text) == ["<|begin_of_text|>", "<|eot_id|>x"])
        #expect(prompt.pieces.map(\.isTemplate) == [true, false])
        #expect(try ChatTemplate(file, name: "other")?.render([]) == nil)
    }
}
