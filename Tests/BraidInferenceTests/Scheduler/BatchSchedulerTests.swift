import Testing

@testable import BraidInference

@Suite("Batch scheduler")
struct BatchSchedulerTests {
    private func job(_ value: Int) -> JobID { JobID(value: value) }

    @Test("decode steps of all jobs run together, the longest waiting first")
    func decodesTogether() {
        var scheduler = BatchScheduler(maximumRows: 8)
        for value in 0..<10 { scheduler.supply(job(value), rows: 1) }
        #expect(scheduler.nextStep().map(\.job.value) == Array(0..<8))
        scheduler.supply(job(3), rows: 1)
        #expect(scheduler.nextStep().map(\.job.value) == [8, 9, 3])
        #expect(scheduler.isIdle)
        #expect(scheduler.nextStep().isEmpty)
    }

    @Test("prefill fills what decoding leaves, first come, first served")
    func prefillsInChunks() {
        var scheduler = BatchScheduler(maximumRows: 16)
        scheduler.supply(job(1), rows: 20)
        scheduler.supply(job(2), rows: 5)
        for value in 10..<13 { scheduler.supply(job(value), rows: 1) }
        let first = scheduler.nextStep()
        #expect(first.filter { $0.rows == 1 }.map(\.job.value) == [10, 11, 12])
        #expect(first.contains(.init(job: job(1), rows: 13)))
        #expect(scheduler.nextStep() == [.init(job: job(1), rows: 7), .init(job: job(2), rows: 5)])
    }

    @Test("an eighth of the rows is kept for prefill")
    func decodingDoesNotStarvePrefill() {
        var scheduler = BatchScheduler(maximumRows: 16)
        scheduler.supply(job(0), rows: 100)
        for value in 1...40 { scheduler.supply(job(value), rows: 1) }
        let step = scheduler.nextStep()
        #expect(step.first { $0.job == job(0) }?.rows == 2)
        #expect(step.reduce(0) { $0 + $1.rows } == 16)
    }

    @Test("a removed job never runs again")
    func removes() {
        var scheduler = BatchScheduler(maximumRows: 4)
        scheduler.supply(job(0), rows: 10)
        _ = scheduler.nextStep()
        scheduler.remove(job(0))
        scheduler.remove(job(7))
        #expect(scheduler.isIdle)
        #expect(scheduler.nextStep().isEmpty)
    }

    @Test("random traffic: no row is lost or run twice, no step is too wide, nobody waits for ever", arguments: 0..<200)
    func randomTraffic(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let maximumRows = Int.random(in: 2...40, using: &random)
        var scheduler = BatchScheduler(maximumRows: maximumRows)
        var waiting: [Int: Int] = [:]
        var idleSteps: [Int: Int] = [:]
        var next = 0
        for _ in 0..<300 {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                // New prefills, and the next tokens of jobs that run.
                let rows = Bool.random(using: &random) ? 1 : Int.random(in: 1...30, using: &random)
                scheduler.supply(job(next), rows: rows)
                waiting[next] = rows
                idleSteps[next] = 0
                next += 1
            }
            if Int.random(in: 0..<10, using: &random) == 0, let victim = waiting.keys.min() {
                scheduler.remove(job(victim))
                waiting[victim] = nil
            }
            let step = scheduler.nextStep()
            #expect(Set(step.map(\.job)).count == step.count)
            #expect(step.reduce(0) { $0 + $1.rows } <= maximumRows)
            #expect(step.isEmpty == waiting.isEmpty)
            for job in waiting.keys { idleSteps[job, default: 0] += 1 }
            for assignment in step {
                let left = (waiting[assignment.job.value] ?? 0) - assignment.rows
                #expect(left >= 0 && assignment.rows > 0)
                waiting[assignment.job.value] = left > 0 ? left : nil
                idleSteps[assignment.job.value] = 0
            }
            #expect(scheduler.readyCount == waiting.count)
        }
        var steps = 0
        let rows = waiting.values.reduce(0, +)
        while !scheduler.isIdle, steps <= rows {
            _ = scheduler.nextStep()
            steps += 1
        }
        #expect(scheduler.isIdle)
    }
}
