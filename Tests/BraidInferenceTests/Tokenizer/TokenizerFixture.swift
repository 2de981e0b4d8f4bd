import Foundation

@testable import BraidInference

/// What Hugging Face `tokenizers` makes of text, written by `Fixtures/generate_tokenizer_fixtures.py`.
struct TokenizerFixture: Decodable {
    static let names = ["numbers", "gpt2", "llama3"]
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    /// A text and its tokens, in either order.
    struct Pair: Decodable {
        let text: String
        let ids: [Int32]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            let idsFirst: [Int32]?
            do { idsFirst = try container.decode([Int32].self) } catch DecodingError.typeMismatch { idsFirst = nil }
            text = try container.decode(String.self)
            ids = try idsFirst ?? container.decode([Int32].self)
        }
    }

    let plain: [Pair]
    let control: [Pair]
    let decoded: [Pair]

    static func load(_ name: String) throws -> (tokenizer: Tokenizer, expected: TokenizerFixture) {
        let url = folder.appendingPathComponent(name)
        let data = try Data(contentsOf: url.appendingPathComponent("expected.json"))
        return (try Tokenizer(contentsOf: url), try JSONDecoder().decode(TokenizerFixture.self, from: data))
    }
}
