import Braid
import Foundation
import Testing

@testable import BraidInference

/// Programs of one published system on one checkpoint, with the logits that PyTorch computes for them densely; written
/// by `Fixtures/generate_view_fixtures.py`.
struct ViewFixture: Sendable, CustomTestStringConvertible {
    /// A program: rounds of a group, or operations on contexts that fork and stitch.
    struct Program: Decodable {
        struct Part: Decodable {
            /// Nil for what the others have written.
            let text: [TokenID]?
        }

        struct Round: Decodable {
            struct Feed: Decodable {
                let member: Int
                let tokens: [TokenID]

                init(from decoder: any Decoder) throws {
                    var container = try decoder.unkeyedContainer()
                    member = try container.decode(Int.self)
                    tokens = try container.decode([TokenID].self)
                }
            }

            let feed: [Feed]
            let publish: [Int]
        }

        struct Operation: Decodable {
            let extend: Int?
            let tokens: [TokenID]?
            let fork: Int?
            let stitch: Int?
            let threads: [Int]?
            let numbered: Bool?
        }

        /// Tokens whose logits are given.
        let rows: Int
        let members: Int?
        let parts: [Part]?
        let length: Int?
        let prompt: [TokenID]?
        let rounds: [Round]?
        let operations: [Operation]?
    }

    let system: String
    let checkpoint: String
    var testDescription: String { "\(system) on \(checkpoint)" }

    static let all =
        ["hogwild", "groupthink", "multiverse"].flatMap { system in
            ["grouped-f32", "qwen3-biased-f32"].map { ViewFixture(system: system, checkpoint: $0) }
        } + [ViewFixture(system: "parathinker", checkpoint: "thoughts-f32")]

    private var path: URL { Fixture.folder.appendingPathComponent("views/\(system)-\(checkpoint)") }

    var folder: URL { Fixture.folder.appendingPathComponent(checkpoint) }

    func programs() throws -> [Program] {
        try JSONDecoder().decode([Program].self, from: Data(contentsOf: path.appendingPathExtension("json")))
    }

    /// Logits of each program: [rows, vocabulary].
    func logits(_ programs: [Program], vocabulary: Int) throws -> [[[Float]]] {
        let data = try Data(contentsOf: path.appendingPathExtension("f32"))
        try #require(data.count == 4 * vocabulary * programs.reduce(0) { $0 + $1.rows })
        let values = data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self).littleEndian)
            }
        }
        var first = 0
        return programs.map { program in
            defer { first += program.rows * vocabulary }
            return (0..<program.rows).map { Array(values[first + $0 * vocabulary..<first + ($0 + 1) * vocabulary]) }
        }
    }
}
