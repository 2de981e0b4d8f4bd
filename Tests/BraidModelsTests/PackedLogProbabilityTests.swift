import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Foundation
import Testing

/// Training and inference must mean the same by a fork and a join.
///
/// `Fixtures/packed-log-probabilities*.jsonl` hold trajectories with the log-probabilities that `training/` computes for
/// them, packed with each token seeing what its context holds; `scripts/record-model-fixtures` writes them anew.
@Suite("Packed training and the embedded engine agree")
struct PackedLogProbabilityTests {
    private struct Record: Decodable {
        struct Scored: Decodable {
            var segment: Int
            var tokens: [TokenID]
            var logprobs: [Float]
        }

        var trajectory: TrainingTrajectory
        var segments: [Scored]
    }

    @Test("log-probabilities of every model-written token agree to 1e-3, over forks and joins")
    func agreement() async throws {
        let records = try records("packed-log-probabilities.jsonl")
        #expect(records.count >= 12)
        #expect(records.contains { $0.trajectory.segments.contains { $0.kind == .join } })
        try await compare(records, on: .puzzles)
    }

    @Test("the same in every dialect, over joins by text, stitched joins and contexts of their own")
    func dialects() async throws {
        let records = try records("packed-log-probabilities-dialects.jsonl")
        #expect(Set(records.map(\.trajectory.dialect)) == Set(TrajectoryForm.all.map(\.name)))
        let joins = records.flatMap(\.trajectory.segments).filter { $0.kind == .join }
        #expect(joins.contains { $0.stitched == true } && joins.contains { $0.stitched == nil })
        try await compare(records, on: .puzzlesDialects)
    }

    private func records(_ name: String) throws -> [Record] {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures").appendingPathComponent(name)
        return try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Record.self, from: Data($0.utf8))
        }
    }

    private func compare(_ records: [Record], on model: BuiltInModel) async throws {
        let engine = try EmbeddedEngine(contentsOf: model.folder())
        for record in records {
            let scored = Dictionary(uniqueKeysWithValues: record.segments.map { ($0.segment, $0) })
            let segments = record.trajectory.segments
            for root in segments.indices where segments[root].parent < 0 {
                let context = try await engine.open(TokenText(segments[root].tokenText))
                try await compare(below: root, in: context, record.trajectory, scored)
                await context.close()
            }
        }
    }

    /// Scores what follows segment `index`, extends by it, and goes on below it.
    private func compare(
        below index: Int, in context: any EngineContext, _ trajectory: TrainingTrajectory,
        _ scored: [Int: Record.Scored]
    ) async throws {
        let segments = trajectory.segments
        let children = segments.indices.filter { segments[$0].parent == index }
        let written = children.filter { segments[$0].model }
        for child in written {
            let expected = try #require(scored[child])
            let actual = try await context.score(TokenText(segments[child].tokenText))
            #expect(actual.map(\.token) == expected.tokens)
            for (own, packed) in zip(actual, expected.logprobs) {
                #expect(
                    abs(own.value - packed) <= 1e-3,
                    "\(trajectory.dialect), \(trajectory.question), segment \(child)")
            }
        }
        guard let join = children.first(where: { segments[$0].kind == .join }) else {
            guard let child = children.first else { return }
            try await context.extend(TokenText(segments[child].tokenText))
            try await compare(below: child, in: context, trajectory, scored)
            return
        }
        let seeds = children.filter { segments[$0].kind == .seed }
        let threads = seeds.isEmpty ? [] : try await context.fork(seeds.count)
        for (thread, seed) in zip(threads, seeds) {
            try await thread.extend(TokenText(segments[seed].tokenText))
            try await compare(below: seed, in: thread, trajectory, scored)
        }
        let text = TokenText(segments[join].tokenText)
        switch (threads.isEmpty, segments[join].stitched) {
        case (false, true?):
            try await context.join(threads, as: .stitch)
            try await context.extend(text)
        case (false, _): try await context.join(threads, as: .reprefill(text))
        case (true, _): try await context.extend(text)
        }
        try await compare(below: join, in: context, trajectory, scored)
    }
}

extension TrainingTrajectory.Segment {
    /// The segment as an engine takes it, each piece tokenised by itself.
    fileprivate var tokenText: [TokenText.Piece] {
        pieces.map { piece in
            switch piece {
            case .text(let text): .text(text)
            case .control(let tag): .control(tag)
            }
        }
    }
}
