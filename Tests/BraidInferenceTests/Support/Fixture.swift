import Foundation
import Testing

@testable import BraidInference

/// A checkpoint of `Fixtures/`, with the logits that Transformers gives it.
struct Fixture: Sendable, CustomTestStringConvertible {
    static let all = [
        "grouped-f32", "tied-bf16", "multiquery-bf16", "llama3-f16", "linear-biased-bf16", "mistral-f16", "qwen2-bf16",
        "qwen3-bf16", "qwen3-biased-f32",
    ].map(Fixture.init)

    let name: String
    var testDescription: String { name }

    struct Expected: Decodable {
        struct Stitched: Decodable {
            let ids: [Int32]
            let positions: [Int]
            /// Per token, the stretch of earlier tokens that it cannot see.
            let hidden: [[Int]]
            let prefix: Int
            let threads: [Int]
            let own: Int
        }
        let ids: [Int32]
        let stitched: Stitched
    }

    /// Where all fixtures are.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    var folder: URL { Self.folder.appendingPathComponent(name) }

    func model() throws -> ModelSource { try ModelSource(contentsOf: folder) }

    func expected() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
    }

    /// [rows, vocabulary].
    func logits(_ file: String) throws -> [[Float]] {
        let data = try Data(contentsOf: folder.appendingPathComponent(file))
        let all = data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { index in
                Float(bitPattern: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            }
        }
        let vocabulary = try model().configuration.vocabularySize
        return stride(from: 0, to: all.count, by: vocabulary).map { Array(all[$0..<$0 + vocabulary]) }
    }
}
