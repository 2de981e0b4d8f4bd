import Foundation
import Testing

@testable import BraidInference

@Suite("The tokenizer gives the same ids as Hugging Face tokenizers")
struct TokenizerParityTests {
    @Test("plain text", arguments: TokenizerFixture.names)
    func plainTextEncodesAlike(name: String) throws {
        let (tokenizer, expected) = try TokenizerFixture.load(name)
        #expect(expected.plain.count >= 400)
        for pair in expected.plain {
            #expect(tokenizer.encode(pair.text) == pair.ids, "\(pair.text.debugDescription)")
        }
    }

    @Test("text with control tokens", arguments: TokenizerFixture.names)
    func controlTokensAreRecognisedAlike(name: String) throws {
        let (tokenizer, expected) = try TokenizerFixture.load(name)
        #expect(expected.control.count >= 20)
        for pair in expected.control {
            #expect(
                tokenizer.encode(pair.text, allowingControlTokens: true) == pair.ids, "\(pair.text.debugDescription)")
        }
    }

    @Test("any ids as text, broken UTF-8 included", arguments: TokenizerFixture.names)
    func idsDecodeAlike(name: String) throws {
        let (tokenizer, expected) = try TokenizerFixture.load(name)
        #expect(expected.decoded.count == 60)
        for pair in expected.decoded {
            #expect(Array(tokenizer.decode(pair.ids).unicodeScalars) == Array(pair.text.unicodeScalars), "\(pair.ids)")
        }
    }

    @Test("decoding what was encoded gives the text back", arguments: ["numbers", "llama3"])
    func decodingInvertsEncoding(name: String) throws {
        let (tokenizer, expected) = try TokenizerFixture.load(name)
        for pair in expected.plain {
            let text = tokenizer.decode(tokenizer.encode(pair.text))
            #expect(Array(text.utf8) == Array(pair.text.utf8))
        }
    }
}
