import Testing

@testable import BraidInference

@Suite("Batch scheduler")
struct BatchSchedulerTests {
    private func job(_ value: Int) -> JobID { JobID(value: value) }
    private func question(_ value: Int) -> ContextID { ContextID(value: value) }
    private let token = BatchScheduler.Work.decode(depth: 0, decoded: 0)

    @Test("decode steps of all jobs run together; when there are too many, questions take turns")
    func decodesTogether() {
        var scheduler = BatchScheduler(maximumRows: 8)
        // Question 0 has six threads, questions 1 to 4 one each.
        for value in 0..<6 { scheduler.supply(job(value), of: question(0), token, rows: 1) }
        for value in 6..<10 { scheduler.supply(job(value), of: question(value - 5), token, rows: 1) }
        #expect(Set(scheduler.nextStep().map(\.job.value)) == [0, 1, 2, 3, 6, 7, 8, 9])
        #expect(scheduler.nextStep().map(\.job.value) == [4, 5])
        #expect(scheduler.isIdle)
        #expect(scheduler.nextStep().isEmpty)
    }

    @Test("when rows are scarce, the thread goes first that is expected to end last")
    func criticalPathFirst() {
        var scheduler = BatchScheduler(maximumRows: 2)
        scheduler.supply(job(0), of: question(0), .decode(depth: 1, decoded: 30), rows: 1)
        scheduler.supply(job(1), of: question(0), .decode(depth: 1, decoded: 10), rows: 1)
        scheduler.supply(job(2), of: question(0), .decode(depth: 2, decoded: 50), rows: 1)
        scheduler.supply(job(3), of: question(0), .decode(depth: 1, decoded: 20), rows: 1)
        #expect(Set(scheduler.nextStep().map(\.job.value)) == [2, 1])
        #expect(Set(scheduler.nextStep().map(\.job.value)) == [3, 0])
    }

    @Test("prefill fills what decoding leaves, at most half; alone it takes all")
    func prefillsInChunks() {
        var scheduler = BatchScheduler(maximumRows: 16)
        scheduler.supply(job(1), of: question(1), .prefill, rows: 30)
        for value in 10..<13 { scheduler.supply(job(value), of: question(value), token, rows: 1) }
        let first = scheduler.nextStep()
        #expect(first.filter { $0.rows == 1 }.map(\.job.value) == [10, 11, 12])
        #expect(first.contains(.init(job: job(1), rows: 8)))
        #expect(scheduler.nextStep() == [.init(job: job(1), rows: 16)])
        scheduler.supply(job(2), of: question(2), .prefill, rows: 5)
        #expect(Set(scheduler.nextStep()) == [.init(job: job(1), rows: 6), .init(job: job(2), rows: 5)])
    }

    @Test("the rows of a group's step run all at once or not at all, and are let through in the end")
    func stepsOfGroups() {
        var scheduler = BatchScheduler(maximumRows: 16)
        scheduler.supply(job(0), of: question(0), .step, rows: 10)
        scheduler.supply(job(1), of: question(1), .step, rows: 6)
        #expect(scheduler.nextStep() == [.init(job: job(0), rows: 10), .init(job: job(1), rows: 6)])
        #expect(scheduler.isIdle)

        // Beside prefill two rows are kept, so the second step waits; single rows still fit.
        scheduler.supply(job(2), of: question(0), .step, rows: 10)
        scheduler.supply(job(3), of: question(1), .step, rows: 6)
        scheduler.supply(job(4), of: question(2), token, rows: 1)
        scheduler.supply(job(5), of: question(3), .prefill, rows: 30)
        #expect(
            Set(scheduler.nextStep()) == [
                .init(job: job(2), rows: 10), .init(job: job(4), rows: 1), .init(job: job(5), rows: 5),
            ])
        #expect(scheduler.nextStep() == [.init(job: job(3), rows: 6), .init(job: job(5), rows: 8)])

        // As wide as a step can be, among jobs that never end.
        scheduler.supply(job(6), of: question(9), .step, rows: 16)
        var steps = 0
        while steps < 100 {
            for value in 0..<4 { scheduler.supply(job(100 + 4 * steps + value), of: question(value), token, rows: 1) }
            let step = scheduler.nextStep()
            if let mine = step.first(where: { $0.job == job(6) }) {
                #expect(mine.rows == 16)
                break
            }
            steps += 1
        }
        #expect(steps <= BatchScheduler.patience)
    }

    @Test("questions under way go before new ones, and new ones do not wait for ever")
    func underWayFirst() {
        var scheduler = BatchScheduler(maximumRows: 4)
        scheduler.supply(job(0), of: question(9), .prompt, rows: 4)
        var steps = 0
        while steps < 100 {
            scheduler.supply(job(100 + steps), of: question(1), .prefill, rows: 4)
            let step = scheduler.nextStep()
            if step.contains(where: { $0.job == job(0) }) { break }
            #expect(step.allSatisfy { $0.job.value >= 100 })
            steps += 1
        }
        #expect(steps == BatchScheduler.patience)
    }

    @Test("prefills of several questions take turns")
    func prefillTurns() {
        var scheduler = BatchScheduler(maximumRows: 4)
        for value in 0..<3 { scheduler.supply(job(value), of: question(value), .prefill, rows: 8) }
        let order = (0..<6).flatMap { _ in scheduler.nextStep() }
        #expect(order.allSatisfy { $0.rows == 4 })
        #expect(order.map(\.job.value) == [0, 1, 2, 0, 1, 2])
    }

    @Test("an eighth of the rows is kept for prefill")
    func decodingDoesNotStarvePrefill() {
        var scheduler = BatchScheduler(maximumRows: 16)
        scheduler.supply(job(0), of: question(0), .prefill, rows: 100)
        for value in 1...40 { scheduler.supply(job(value), of: question(1), token, rows: 1) }
        let step = scheduler.nextStep()
        #expect(step.first { $0.job == job(0) }?.rows == 2)
        #expect(step.reduce(0) { $0 + $1.rows } == 16)
    }

    @Test("a removed job never runs again")
    func removes() {
        var scheduler = BatchScheduler(maximumRows: 4)
        scheduler.supply(job(0), of: question(0), .prefill, rows: 10)
        _ = scheduler.nextStep()
        scheduler.remove(job(0))
        scheduler.remove(job(7))
        #expect(scheduler.isIdle)
        #expect(scheduler.nextStep().isEmpty)
    }

    @Test(
        "random traffic: no row is lost or run twice, no step is too wide, nobody waits for ever", arguments: 0..<1000)
    func randomTraffic(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let maximumRows = Int.random(in: 2...40, using: &random)
        var scheduler = BatchScheduler(maximumRows: maximumRows)
        var waiting: [Int: Int] = [:]
        var next = 0
        for _ in 0..<60 {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                // New prefills, and the next tokens of jobs that run.
                let work: BatchScheduler.Work =
                    [
                        .prompt, .prefill,
                        .decode(
                            depth: Int.random(in: 0...2, using: &random), decoded: Int.random(in: 0...9, using: &random)
                        ),
                    ].randomElement(using: &random) ?? .prompt
                let rows = if case .decode = work { 1 } else { Int.random(in: 1...30, using: &random) }
                scheduler.supply(
                    job(next), of: question(Int.random(in: 0...4, using: &random)), work, rows: rows)
                waiting[next] = rows
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
            for assignment in step {
                let left = (waiting[assignment.job.value] ?? 0) - assignment.rows
                #expect(left >= 0 && assignment.rows > 0)
                waiting[assignment.job.value] = left > 0 ? left : nil
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
