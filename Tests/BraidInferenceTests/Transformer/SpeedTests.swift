import Braid
import Foundation
import Testing

@testable import BraidInference

/// Prints how fast the built-in model's shape decodes; set BRAID_SPEED=1. Nothing is asserted: time proves nothing here.
@Suite("Speed", .enabled(if: ProcessInfo.processInfo.environment["BRAID_SPEED"] != nil), .serialized)
struct SpeedTests {
    /// Seconds of this thread and on the clock.
    private static func measure(_ body: () throws -> Void) rethrows -> (cpu: Double, wall: Double) {
        func now(_ clock: clockid_t) -> Double {
            var time = timespec()
            clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        let (cpu, wall) = (now(CLOCK_THREAD_CPUTIME_ID), now(CLOCK_MONOTONIC))
        try body()
        return (now(CLOCK_THREAD_CPUTIME_ID) - cpu, now(CLOCK_MONOTONIC) - wall)
    }

    @Test("decoding", arguments: [1, 2], [1, 4, 16, 32])
    func decoding(_ threads: Int, _ width: Int) throws {
        let configuration = try RandomModel.configuration()
        let cached = try CachedTransformer(
            configuration: configuration, weights: RandomModel.weights(configuration), threads: threads, pages: 2048)
        let main = cached.cache.open()
        _ = try cached.extend(main, Array(repeating: 5, count: 100))
        var batch = ForwardBatch()
        var best = 0.0, bestCPU = 0.0
        for _ in 0..<8 {
            let steps = 64
            let contexts = try cached.cache.fork(main, count: width)
            let (cpu, time) = try Self.measure {
                for _ in 0..<steps {
                    batch.removeAll()
                    for context in contexts {
                        let reservation = try cached.cache.append(1, to: context)
                        if let copy = reservation.copy { cached.memory.perform(copy) }
                        batch.append([7], at: reservation, in: try cached.cache.view(of: context), logits: .last)
                    }
                    _ = cached.transformer.forward(batch)
                }
            }
            for context in contexts { cached.cache.release(context) }
            best = max(best, Double(steps * width) / time)
            bestCPU = max(bestCPU, Double(steps * width) / cpu)
        }
        print("threads \(threads), contexts \(width): \(Int(best)) tokens/s, \(Int(bestCPU)) per second of this thread")
    }

    @Test("prefill", arguments: [1, 2])
    func prefill(_ threads: Int) throws {
        let configuration = try RandomModel.configuration()
        let cached = try CachedTransformer(
            configuration: configuration, weights: RandomModel.weights(configuration), threads: threads, pages: 2048)
        var best = 0.0, bestCPU = 0.0
        for _ in 0..<4 {
            let context = cached.cache.open()
            var batch = ForwardBatch()
            let (cpu, time) = try Self.measure {
                for _ in 0..<8 {
                    batch.removeAll()
                    let reservation = try cached.cache.append(64, to: context)
                    batch.append(
                        Array(repeating: 3, count: 64), at: reservation, in: try cached.cache.view(of: context),
                        logits: .last)
                    _ = cached.transformer.forward(batch)
                }
            }
            cached.cache.release(context)
            best = max(best, 512 / time)
            bestCPU = max(bestCPU, 512 / cpu)
        }
        print("threads \(threads), prefill of 512: \(Int(best)) tokens/s, \(Int(bestCPU)) per second of this thread")
    }

    @Test("the whole engine, from prompt to stream", arguments: [1, 4, 16])
    func engine(_ width: Int) async throws {
        guard let path = ProcessInfo.processInfo.environment["BRAID_MODEL"] else { return }
        let engine = try EmbeddedEngine(contentsOf: URL(fileURLWithPath: path))
        let main = try await engine.open("Use 3, 7, 25 and 50 to make 765")
        var best = 0.0
        for round in 0..<4 {
            let threads = try await main.fork(width)
            let clock = ContinuousClock()
            let start = clock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, thread) in threads.enumerated() {
                    group.addTask {
                        let sampling = SamplingParameters(temperature: 1, topP: 0.95)
                        let options = DecodingOptions(
                            sampling: sampling, seed: UInt64(round * 100 + number), stops: [], maximumTokens: 200,
                            grammar: ControlGrammar(freeTextWith: []))
                        for try await _ in thread.decode(options) {}
                    }
                }
                try await group.waitForAll()
            }
            best = max(best, Double(200 * width) / ((clock.now - start) / .seconds(1)))
            for thread in threads { await thread.close() }
        }
        print("engine, \(width) threads of reasoning: \(Int(best)) tokens/s")
    }
}
