import Testing

@testable import BraidInference

@Suite("Threading policy")
struct ThreadingPolicyTests {
    /// Runs steps on a machine where both ways take these times; counts those that used the workers.
    private func run(_ policy: inout ThreadingPolicy, steps: Int, together: Double, alone: Double, rows: Int = 1) -> Int
    {
        var used = 0
        for _ in 0..<steps {
            let usesWorkers = policy.usesWorkers(rows: rows)
            if usesWorkers { used += 1 }
            policy.record(rows: rows, usedWorkers: usesWorkers, seconds: usesWorkers ? together : alone)
        }
        return used
    }

    @Test("takes the faster way, and tries the other ever more rarely")
    func takesTheFaster() {
        var policy = ThreadingPolicy()
        #expect(run(&policy, steps: 10_000, together: 1, alone: 2) > 9_980)
        policy = ThreadingPolicy()
        #expect(run(&policy, steps: 10_000, together: 2, alone: 1) < 40)
    }

    @Test("notices when the machine becomes busy, and quiet again")
    func adapts() {
        var policy = ThreadingPolicy()
        _ = run(&policy, steps: 100, together: 1, alone: 2)
        #expect(run(&policy, steps: 1000, together: 9, alone: 2) < 30)
        #expect(run(&policy, steps: 10_000, together: 1, alone: 2) > 7_000)
    }

    @Test("steps of different sizes are judged apart")
    func sizesAreApart() {
        var policy = ThreadingPolicy()
        _ = run(&policy, steps: 500, together: 2, alone: 1, rows: 1)
        #expect(run(&policy, steps: 500, together: 1, alone: 2, rows: 64) > 480)
        #expect(run(&policy, steps: 100, together: 2, alone: 1, rows: 1) < 5)
        #expect(policy.usesWorkers(rows: 0) && policy.usesWorkers(rows: .max))
    }
}
