import Braid
import Foundation
import Testing

@Suite("Records, their figures and their renderings")
struct TrajectoryTests {
    static func segment(_ tokens: Int) -> ReasoningThread.Step { segment(.model, tokens) }

    static func segment(_ origin: Segment.Origin, _ tokens: Int, text: String = "t") -> ReasoningThread.Step {
        .segment(Segment(origin: origin, text: text, tokenCount: tokens, start: 0, end: 1))
    }

    static func thread(_ id: String, _ steps: [ReasoningThread.Step], number: Int = 1, after: [Int] = [])
        -> ReasoningThread
    {
        ReasoningThread(
            id: id, outline: Outline(number: number, after: after, text: " x"), steps: steps, outcome: .finished,
            returned: "r")
    }

    static func trajectory(_ root: ReasoningThread) -> Trajectory {
        Trajectory(
            question: "q", dialect: "braid", method: "adaptive", model: "m", engine: "e", seed: .max,
            answer: Answer(text: "1"), root: root, seconds: 2.5)
    }

    @Test("figures of a tree computed by hand")
    func byHand() {
        let inner = Fork(
            outlines: [], threads: [Self.thread("0.1.1", [Self.segment(.seed, 2), Self.segment(30)])],
            join: .reprefill, outlineTokens: 3)
        let fork = Fork(
            outlines: [],
            threads: [
                Self.thread(
                    "0.1",
                    [Self.segment(.seed, 2), Self.segment(5), .fork(inner), Self.segment(.joined, 4), Self.segment(6)]),
                Self.thread("0.2", [Self.segment(.seed, 2), Self.segment(20)], number: 2),
                ReasoningThread(id: "0.3", outline: nil, outcome: .failed("not started")),
            ], join: .reprefill, outlineTokens: 8)
        let root = ReasoningThread(
            id: "0",
            steps: [
                Self.segment(.prompt, 10), Self.segment(12), .fork(fork), Self.segment(.joined, 7), Self.segment(9),
            ],
            outcome: .finished)
        let metrics = TrajectoryMetrics(Self.trajectory(root))
        #expect(metrics.totalTokens == 82)
        #expect(metrics.criticalPathTokens == 62)
        #expect(metrics.parallelTokens == 69)
        #expect(metrics.prefilledTokens == 27)
        #expect(metrics.forks == 2 && metrics.threads == 3 && metrics.widestFork == 2 && metrics.maximumDepth == 2)
        #expect(metrics.maximumContextTokens == 61)
        #expect(abs(metrics.acceleration - (1 - 62.0 / 82.0)) < 1e-12)
        #expect(abs(metrics.speedupSelf - 82.0 / 62.0) < 1e-12)
        #expect(abs(metrics.parallelRatio - 69.0 / 82.0) < 1e-12)
        #expect(metrics.wallSeconds == 2.5)
    }

    @Test("a thread that comes after another lengthens the critical path")
    func dependencies() {
        let fork = Fork(
            outlines: [],
            threads: [
                Self.thread("0.1", [Self.segment(10)], number: 1), Self.thread("0.2", [Self.segment(3)], number: 2),
                Self.thread("0.3", [Self.segment(5)], number: 3, after: [2, 1]),
            ], join: .reprefill, outlineTokens: 0)
        let metrics = TrajectoryMetrics(Self.trajectory(ReasoningThread(id: "0", steps: [.fork(fork)])))
        #expect(metrics.criticalPathTokens == 15)
        #expect(metrics.totalTokens == 18)
    }

    @Test("a thread that never started passes on what it waited for")
    func neverStarted() {
        let fork = Fork(
            outlines: [],
            threads: [
                Self.thread("0.1", [Self.segment(10)], number: 1), Self.thread("0.2", [], number: 2, after: [1]),
                Self.thread("0.3", [Self.segment(5)], number: 3, after: [2]),
            ], join: nil, outlineTokens: 0)
        let metrics = TrajectoryMetrics(Self.trajectory(ReasoningThread(id: "0", steps: [.fork(fork)])))
        #expect(metrics.criticalPathTokens == 15 && metrics.threads == 2)
    }

    @Test("stitched threads stay in the parent's context")
    func stitched() {
        let fork = Fork(
            outlines: [], threads: [Self.thread("0.1", [Self.segment(10)]), Self.thread("0.2", [Self.segment(7)])],
            join: .stitch, outlineTokens: 0)
        let root = ReasoningThread(id: "0", steps: [Self.segment(.prompt, 4), .fork(fork), Self.segment(5)])
        #expect(TrajectoryMetrics(Self.trajectory(root)).maximumContextTokens == 4 + 17 + 5)
    }

    @Test("nothing decoded divides by nothing")
    func empty() {
        let metrics = TrajectoryMetrics(Self.trajectory(ReasoningThread(id: "0")))
        #expect(metrics.acceleration == 0 && metrics.speedupSelf == 1 && metrics.parallelRatio == 0)
    }

    @Test("critical path and total agree with a simulation, token by token", arguments: 0..<100)
    func simulated(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let root = Self.random("0", number: nil, depth: 0, &random)
        let metrics = TrajectoryMetrics(Self.trajectory(root))
        var simulation = Simulation(root)
        var ticks = 0
        while simulation.tick() { ticks += 1 }
        #expect(metrics.criticalPathTokens == ticks, "seed \(seed)")
        #expect(metrics.totalTokens == simulation.consumed, "seed \(seed)")
    }

    static func random(_ id: String, number: Int?, depth: Int, _ random: inout SeededGenerator) -> ReasoningThread {
        var steps: [ReasoningThread.Step] = [segment(.seed, 1)]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            if depth < 3, Bool.random(using: &random) {
                let count = Int.random(in: 1...4, using: &random)
                var threads: [ReasoningThread] = []
                for number in 1...count {
                    threads.append(Self.random("\(id).\(number)", number: number, depth: depth + 1, &random))
                }
                steps.append(.fork(Fork(outlines: [], threads: threads, join: .reprefill, outlineTokens: 0)))
            } else {
                steps.append(segment(Int.random(in: 0...9, using: &random)))
            }
        }
        var after: [Int] = []
        if let number, number > 1, Bool.random(using: &random) { after = [Int.random(in: 1..<number, using: &random)] }
        return ReasoningThread(
            id: id, outline: number.map { Outline(number: $0, after: after, text: "") }, steps: steps)
    }

    /// Runs a recorded tree on a machine with one processor per thread, one token per tick.
    struct Simulation {
        final class Line {
            var pending: [ReasoningThread.Step]
            var number: Int
            var after: [Int]
            var children: [Line] = []
            var left = 0

            init(_ thread: ReasoningThread) {
                pending = thread.steps
                number = thread.outline?.number ?? 0
                after = thread.outline?.after ?? []
            }

            var isDone: Bool { pending.isEmpty && children.isEmpty && left == 0 }

            /// Consumes at most one token in each line that can go on.
            func tick() -> Int {
                settle()
                if left > 0 {
                    left -= 1
                    return 1
                }
                return ready.reduce(0) { $0 + $1.tick() }
            }

            /// Children that wait for no other.
            var ready: [Line] {
                let waiting = Set(children.map(\.number))
                return children.filter { $0.after.allSatisfy { !waiting.contains($0) } }
            }

            func settleChildren() {
                var count: Int
                repeat {
                    count = children.count
                    for child in ready { child.settle() }
                    let free = Set(ready.map(\.number))
                    children.removeAll { $0.isDone && free.contains($0.number) }
                } while children.count < count
            }

            /// Passes everything that costs no token.
            func settle() {
                while left == 0 {
                    settleChildren()
                    guard children.isEmpty, !pending.isEmpty else { return }
                    switch pending.removeFirst() {
                    case .segment(let segment): left = segment.origin == .model ? segment.tokenCount : 0
                    case .fork(let fork): children = fork.threads.map { Line($0) }
                    }
                }
            }
        }

        var root: Line
        var consumed = 0

        init(_ thread: ReasoningThread) { root = Line(thread) }

        mutating func tick() -> Bool {
            let count = root.tick()
            consumed += count
            return count > 0
        }
    }

    @Test("a record survives JSON")
    func codable() async throws {
        let engine = ScriptedEngine(AdaptiveTests.twoRounds)
        let outcome = try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine, seed: .max)
        let data = try JSONEncoder().encode(outcome.trajectory)
        #expect(try JSONDecoder().decode(Trajectory.self, from: data) == outcome.trajectory)
        let all: [ThreadOutcome] = [
            .finished, .tokenLimit, .contextFull, .timedOut, .cancelled, .failed("a"), .malformed("b"),
        ]
        #expect(try JSONDecoder().decode([ThreadOutcome].self, from: JSONEncoder().encode(all)) == all)
    }

    @Test("the JSON's shape is stable")
    func shape() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let fork = Fork(
            outlines: [Outline(number: 1, text: " x")], threads: [Self.thread("0.1", [])], join: .reprefill,
            outlineTokens: 2)
        let root = ReasoningThread(id: "0", steps: [Self.segment(3), .fork(fork)], outcome: .failed("why"))
        let json = String(decoding: try encoder.encode(root), as: UTF8.self)
        #expect(
            json
                == #"{"id":"0","outcome":{"kind":"failed","message":"why"},"steps":[{"segment":{"end":1,"origin":"model","start":0,"text":"t","tokenCount":3}},{"fork":{"join":"reprefill","outlineTokens":2,"outlines":[{"after":[],"number":1,"text":" x"}],"threads":[{"id":"0.1","outcome":{"kind":"finished"},"outline":{"after":[],"number":1,"text":" x"},"returned":"r","steps":[]}]}}]}"#
        )
    }

    @Test("the trace has one lane per thread")
    func perfetto() async throws {
        let engine = ScriptedEngine(AdaptiveTests.twoRounds)
        let outcome = try await ReasoningRun.answer("297 + 20 + 4 * 5", by: Adaptive(), on: engine)
        let trace = PerfettoTrace(outcome.trajectory)
        #expect(trace.traceEvents.count { $0.ph == "M" } == 4)
        #expect(Set(trace.traceEvents.map(\.tid)) == [1, 2, 3, 4])
        #expect(trace.traceEvents.filter { $0.ph == "X" }.allSatisfy { ($0.dur ?? -1) >= 0 })
        #expect(try JSONEncoder().encode(trace).count > 100)
    }

    @Test("the tree is plain text, and no text steers the terminal")
    func tree() {
        let fork = Fork(
            outlines: [], threads: [Self.thread("0.1", [Self.segment(.seed, 2, text: "s\u{1B}[31m\n")])], join: nil,
            outlineTokens: 0)
        let root = ReasoningThread(
            id: "0", steps: [Self.segment(.prompt, 4, text: String(repeating: "long ", count: 30)), .fork(fork)],
            outcome: .timedOut)
        #expect(
            "\(TrajectoryTree(Self.trajectory(root), width: 50))" == """
                0  cut: the deadline passed  0 tokens
                ├─ prompt 4  long long long long long long long l…
                └─ fork into 1 thread, not joined
                   └─ 0.1: x  finished  0 tokens
                      ├─ seed 2  s·[31m⏎
                      └─ returned  r

                """)
    }
}
