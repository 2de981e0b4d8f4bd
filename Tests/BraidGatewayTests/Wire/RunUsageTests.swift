import Braid
import Testing

@testable import BraidGateway

/// What clients are charged with is what the threads decoded.
struct RunUsageTests {
    private struct Record {
        var thread: ReasoningThread
        var decodedCount = 0
    }

    /// A random line with threads, and how much it decoded.
    private static func line(
        _ id: String, depth: Int, prompt: Int?, using generator: inout SeededGenerator
    ) -> Record {
        var record = Record(thread: ReasoningThread(id: id))
        func segment(_ origin: Segment.Origin, _ count: Int) -> ReasoningThread.Step {
            .segment(Segment(origin: origin, text: "", tokenCount: count, start: 0, end: 0))
        }
        if let prompt { record.thread.steps.append(segment(.prompt, prompt)) }
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let count = Int.random(in: 0...50, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                record.thread.steps.append(segment(.model, count))
                record.decodedCount += count
            case 2: record.thread.steps.append(segment(.seed, count))
            case 3: record.thread.steps.append(segment(.joined, count))
            default:
                guard depth < 3 else { continue }
                let threads = (0..<Int.random(in: 1...4, using: &generator)).map { index in
                    line("\(id).\(index + 1)", depth: depth + 1, prompt: nil, using: &generator)
                }
                record.thread.steps.append(
                    .fork(Fork(outlines: [], threads: threads.map(\.thread), join: nil, outlineTokens: 0)))
                record.decodedCount += threads.reduce(0) { $0 + $1.decodedCount }
            }
        }
        return record
    }

    private static func trajectory(_ root: ReasoningThread) -> Trajectory {
        Trajectory(question: "q", dialect: "d", method: "m", model: "m", engine: "e", seed: 0, root: root)
    }

    @Test func usageIsTheSumOfTheThreads() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<10_000 {
            let prompt = Int.random(in: 1...99, using: &generator)
            let record = Self.line("0", depth: 0, prompt: prompt, using: &generator)
            let answer = Int.random(in: 0...80, using: &generator)
            let usage = RunUsage(Self.trajectory(record.thread), answerTokens: answer)
            #expect(usage.completionTokens == record.decodedCount)
            #expect(usage.promptTokens == prompt)
            #expect(usage.reasoningTokens == max(0, record.decodedCount - answer))
        }
    }

    @Test func aLineWithoutAPromptIsChargedForItsFirstThreads() {
        let prompt = ReasoningThread.Step.segment(
            Segment(origin: .prompt, text: "", tokenCount: 12, start: 0, end: 0))
        let threads = [ReasoningThread(id: "0.1", steps: [prompt]), ReasoningThread(id: "0.2", steps: [prompt])]
        let fork = Fork(outlines: [], threads: threads, join: nil, outlineTokens: 0)
        let usage = RunUsage(
            Self.trajectory(ReasoningThread(id: "0", steps: [.fork(fork)])), answerTokens: 0)
        #expect(usage.promptTokens == 12)
    }
}
