import Braid
import BraidEvaluation
import BraidInference
import BraidModels
import Foundation
import Testing

/// Training and inference must mean the same by a fork and a join.
///
/// `Fixtures/packed-log-probabilities.jsonl` holds trajectories with the log-probabilities that `training/` computes for
/// them, packed with ancestor-only attention; `scripts/record-model-fixtures` writes it anew for a new model.
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
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/packed-log-probabilities.jsonl")
        let records = try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Record.self, from: Data($0.utf8))
        }
        #expect(records.count >= 12)
        #expect(records.contains { $0.trajectory.segments.contains { $0.kind == .join } })
        let engine = try EmbeddedEngine(contentsOf: BuiltInModel.puzzles.folder())
        for record in records {
            let scored = Dictionary(uniqueKeysWithValues: record.segments.map { ($0.segment, $0) })
            let root = try await engine.open(TokenText(record.trajectory.segments[0].tokenText))
            try await compare(below: 0, in: root, record.trajectory, scored)
            await root.close()
        }
    }

    /// Scores what follows segment `index`, extends by it, and goes on below it.
    private func compare(
        below index: Int, in context: any EngineContext, _ trajectory: TrainingTrajectory,
        _ scored: [Int: Record.Scored]
    ) async throws {
        let segments = trajectory.segments
        let children = segments.indices.filter { segments[$0].parent == index }
        let seeds = children.filter { segments[$0].kind == .seed }
        if !seeds.isEmpty {
            let threads = try await context.fork(seeds.count)
            for (thread, seed) in zip(threads, seeds) {
                try await thread.extend(TokenText(segments[seed].tokenText))
                try await compare(below: seed, in: thread, trajectory, scored)
            }
            let join = try #require(children.first { segments[$0].kind == .join })
            try await context.join(threads, as: .reprefill(TokenText(segments[join].tokenText)))
            try await compare(below: join, in: context, trajectory, scored)
            return
        }
        guard let child = children.first else { return }
        let text = TokenText(segments[child].tokenText)
        let expected = try #require(scored[child])
        let actual = try await context.score(text)
        #expect(actual.map(\.token) == expected.tokens)
        for (own, packed) in zip(actual, expected.logprobs) {
            #expect(abs(own.value - packed) <= 1e-3, "\(trajectory.question), segment \(child)")
        }
        try await context.extend(text)
        try await compare(below: child, in: context, trajectory, scored)
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
