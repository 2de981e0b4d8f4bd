import Foundation

@testable import BraidInference

/// What Hugging Face `tokenizers` makes of random texts in the configuration of a model family, written by
/// `Fixtures/generate_family_fixtures.py`.
struct FamilyFixture: Decodable {
    static let names = ["gpt2", "llama3", "qwen2", "tekken", "llama2", "mistral", "unknowns"]
    static let count = 10_000

    let hashes: String
    let decoded: String
    let awkward: [[String]]
    let begin: [Int32]
    let tags: [String]

    static func folder(_ name: String) -> URL {
        TokenizerFixture.folder.appendingPathComponent("families/\(name)")
    }

    static func load(_ name: String) throws -> (tokenizer: Tokenizer, expected: FamilyFixture) {
        let data = try Data(contentsOf: folder(name).appendingPathComponent("expected.json"))
        return (try Tokenizer(contentsOf: folder(name)), try JSONDecoder().decode(FamilyFixture.self, from: data))
    }

    /// The random texts, as `Texts` in the script makes them.
    func texts(of name: String) throws -> Texts {
        try Texts(seed: UInt64(Self.names.firstIndex(of: name) ?? 0), tags: tags)
    }

    /// Hashes of a text's ids or of a text, as the script makes them.
    static func hash(_ numbers: some Sequence<UInt32>) -> String {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for number in numbers {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                value = (value ^ UInt64(number >> shift & 0xFF)) &* 0x100_0000_01B3
            }
        }
        let digits = String(value & 0xFFFF_FFFF, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    static func hash(_ text: String, by tokenizer: Tokenizer) -> String {
        let plain = tokenizer.encode(text)
        let controlled = tokenizer.encode(text, allowingControlTokens: true)
        return hash((plain + [-1] + controlled).map(UInt32.init(bitPattern:)))
    }

    struct Texts {
        private struct Alphabets: Decodable {
            let words: [String]
            let alphabets: [String]
        }

        private var random: SeededGenerator
        private let tags: [[Unicode.Scalar]]
        private let words: [[Unicode.Scalar]]
        private let alphabets: [[Unicode.Scalar]]

        init(seed: UInt64, tags: [String]) throws {
            let url = TokenizerFixture.folder.appendingPathComponent("families/alphabets.json")
            let alphabets = try JSONDecoder().decode(Alphabets.self, from: Data(contentsOf: url))
            random = SeededGenerator(seed: seed)
            self.tags = tags.map { Array($0.unicodeScalars) }
            words = alphabets.words.map { Array($0.unicodeScalars) }
            self.alphabets = alphabets.alphabets.map { Array($0.unicodeScalars) }
        }

        mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

        mutating func text() -> String {
            var text = String.UnicodeScalarView()
            for _ in 0..<1 + below(6) {
                let kind = below(10)
                if kind < 3 {
                    for index in 0..<1 + below(4) {
                        if index > 0 { text.append(" ") }
                        text.append(contentsOf: words[below(words.count)])
                    }
                } else if kind < 8 {
                    let alphabet = alphabets[below(alphabets.count)]
                    for _ in 0..<1 + below(9) { text.append(alphabet[below(alphabet.count)]) }
                } else if kind == 8 {
                    text.append(contentsOf: tags[below(tags.count)])
                } else {
                    for _ in 0..<1 + below(3) {
                        let limit = [0x3000, 0x10000, 0x20000, 0x110000][below(4)]
                        if let scalar = Unicode.Scalar(UInt32(below(limit))) { text.append(scalar) }
                    }
                }
            }
            return String(text)
        }
    }
}
