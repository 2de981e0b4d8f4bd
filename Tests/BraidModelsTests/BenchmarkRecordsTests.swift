import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Foundation
import Testing

@Suite("A benchmark that is ended goes on where it was")
struct BenchmarkRecordsTests {
    private static let benchmark = Benchmark(tasks: [.sums, .countdown3], count: 4, seed: 5, concurrency: 3)

    private static func entries(_ engine: EmbeddedEngine) -> [Benchmark.Entry] {
        [.init(label: "adaptive", method: Adaptive(), engine: engine)]
    }

    private static func open(_ url: URL, seed: UInt64 = 5) throws -> BenchmarkRecords {
        try BenchmarkRecords(contentsOf: url, seed: seed, settings: "none")
    }

    private static func lines(_ url: URL) throws -> [String] {
        String(decoding: try Data(contentsOf: url), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The rows without what depends on the clock.
    private static func timeless(_ rows: [BenchmarkRow]) -> [BenchmarkRow] {
        rows.map { row in
            var row = row
            row.meanWallSeconds = 0
            return row
        }
    }

    private static func withFile(_ body: (URL) async throws -> Void) async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("records-\(UUID().uuidString).jsonl")
        defer {
            do { try FileManager.default.removeItem(at: url) } catch { print("\(url.path) was not removed: \(error)") }
        }
        try await body(url)
    }

    @Test("killed at any byte, nothing done is done again, and the figures are those of a run in one piece")
    func goesOn() async throws {
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzles.folder())
        try await Self.withFile { url in
            let whole = Self.timeless(
                try await Self.benchmark.run(Self.entries(engine), records: try Self.open(url)))
            #expect(whole == Self.timeless(try await Self.benchmark.run(Self.entries(engine))))
            let content = try Data(contentsOf: url)
            #expect(try Self.lines(url).count == 1 + 8)
            for kill in 0..<100 {
                let end = content.count * kill / 99
                try content[..<end].write(to: url)
                let kept = content[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                let before = try await engine.statistics.decodedTokens
                let rows = try await Self.benchmark.run(Self.entries(engine), records: try Self.open(url))
                #expect(Self.timeless(rows) == whole, "after \(end) bytes")
                let lines = try Self.lines(url)
                #expect(Set(lines).count == 9 && lines.count == 9, "after \(end) bytes")
                #expect(lines.starts(with: kept.dropLast().map { String(decoding: $0, as: UTF8.self) }))
                if kill == 99 { #expect(try await engine.statistics.decodedTokens == before) }
            }
        }
    }

    @Test("records of something else, and what is no record, are refused")
    func refusals() async throws {
        try await Self.withFile { url in
            _ = try Self.open(url)
            #expect(throws: BenchmarkRecordsError.self) { try Self.open(url, seed: 6) }
            var content = try Data(contentsOf: url)
            content += Data("{\"task\": 1}\n".utf8)
            try content.write(to: url)
            #expect(throws: BenchmarkRecordsError.noRecords(path: url.path, line: 2)) { try Self.open(url) }
            try Data("hello\n".utf8).write(to: url)
            #expect(throws: BenchmarkRecordsError.noRecords(path: url.path, line: 1)) { try Self.open(url) }
        }
    }

    @Test("two processes cannot write one file")
    func locked() async throws {
        try await Self.withFile { url in
            let first = try Self.open(url)
            #expect(throws: BenchmarkRecordsError.inUse(path: url.path)) { try Self.open(url) }
            withExtendedLifetime(first) {}
        }
    }
}
