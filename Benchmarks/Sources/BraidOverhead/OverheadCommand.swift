import ArgumentParser
import Braid
import CAllocationCount
import Foundation

/// `braid-overhead`: what orchestrating threads costs, on an engine that decodes at no cost.
///
/// Prints one line of JSON: CPU time of the whole process and allocations, for each decoded token. `engine` is what reading
/// the same tokens from the same streams costs without a run around them, so the difference is the orchestration's.
@main
struct OverheadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "braid-overhead", abstract: "Measure what orchestrating threads costs for each decoded token.")

    @Option(help: "Threads at the same time; a run has at most 250 of them.")
    var threads = 1000

    @Option(help: "Tokens of each thread.")
    var tokens = 200

    @Flag(help: "Steer by every rule.")
    var steer = false

    func validate() throws {
        guard (1...100_000).contains(threads) else {
            throw ValidationError("--threads is \(threads); allowed: 1 to 100000")
        }
        guard (1...3000).contains(tokens) else { throw ValidationError("--tokens is \(tokens); allowed: 1 to 3000") }
    }

    func run() async throws {
        let engine = CostlessEngine(tokensPerThread: tokens)
        // Once to warm up, once to measure.
        _ = try await orchestrate(engine)
        let run = try await orchestrate(engine)
        _ = await read(engine)
        let bare = await read(engine)
        let figures = Figures(threads: threads, tokens: run.tokens, steered: steer, run: run.cost, engine: bare.cost)
        print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }

    private func orchestrate(_ engine: CostlessEngine) async throws -> (tokens: Int, cost: Figures.Cost) {
        let start = Usage.now()
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for first in stride(from: 0, to: threads, by: 250) {
                let width = min(250, threads - first)
                group.addTask {
                    let run = try ReasoningRun(
                        "q", by: WideFork(width: width), on: engine,
                        budget: try Budget(maximumThreads: 256, tokensPerThread: 1 << 20, totalTokens: 1 << 24),
                        controller: steer ? .steering : .observing)
                    async let outcome = run.answer()
                    for await _ in run.events {}
                    return try await outcome.metrics.totalTokens
                }
            }
            return try await group.reduce(0, +)
        }
        return (counts, Usage.now().cost(since: start, tokens: counts))
    }

    private func read(_ engine: CostlessEngine) async -> (tokens: Int, cost: Figures.Cost) {
        let start = Usage.now()
        let count = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    var count = 0
                    do {
                        for try await event in engine.stream() { if case .token = event { count += 1 } }
                    } catch {
                        // The stream never fails.
                    }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
        return (count, Usage.now().cost(since: start, tokens: count))
    }
}
