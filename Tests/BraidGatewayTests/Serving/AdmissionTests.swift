import Testing

@testable import BraidGateway

@Suite struct AdmissionTests {
    private func ticket(_ decision: Admission.Decision) throws -> Admission.Ticket {
        switch decision {
        case .runs(let ticket), .waits(let ticket): return ticket
        default: throw OpenAIError.internalError
        }
    }

    @Test func aPlaceIsGivenOnAndTheQueueIsBounded() throws {
        var admission = Admission(runs: 1, queue: 1, perKey: 10)
        let first = try ticket(admission.enter("a"))
        let second = try ticket(admission.enter("a"))
        #expect(admission.enter("a") == .overloaded)
        #expect(admission.refusal(of: "b") == .overloaded)
        #expect(admission.runningCount == 1)
        #expect(admission.waitingCount == 1)
        #expect(admission.leave(first) == [second])
        #expect(admission.leave(second).isEmpty)
        #expect(admission.runningCount == 0)
        #expect(admission.waitingCount == 0)
    }

    @Test func keysTakeTurns() throws {
        var admission = Admission(runs: 1, queue: 100, perKey: 100)
        let running = try ticket(admission.enter("many"))
        let many = try (0..<5).map { _ in try ticket(admission.enter("many")) }
        let single = try ticket(admission.enter("one"))
        var order: [Admission.Ticket] = []
        var next = admission.leave(running)
        while let ticket = next.first {
            order.append(ticket)
            next = admission.leave(ticket)
        }
        #expect(order == [many[0], single, many[1], many[2], many[3], many[4]])
    }

    @Test func theLastPlacesAreForKeysWithoutARun() throws {
        var admission = Admission(runs: 4, reserve: 1, queue: 2, perKey: 10)
        let running = try (0..<3).map { _ in try ticket(admission.enter("many")) }
        let waiting = try (0..<2).map { _ in try ticket(admission.enter("many")) }
        #expect(admission.runningCount == 3)
        #expect(admission.refusal(of: "many") == .overloaded)
        // The queue is full, but this one need not wait.
        guard case .runs(let single) = admission.enter("one") else {
            Issue.record("the key's first run had to wait")
            return
        }
        #expect(admission.refusal(of: "one") == .overloaded)
        #expect(admission.leave(single).isEmpty)
        #expect(admission.leave(running[0]) == [waiting[0]])
        #expect(admission.leave(waiting[0]) == [waiting[1]])
    }

    @Test func anEighthOfTheRunsIsKept() throws {
        for (runs, reserved) in [(1, 0), (2, 1), (4, 1), (15, 1), (16, 2), (64, 8)] {
            var limits = GatewayLimits()
            limits.runs = runs
            #expect(limits.reservedRuns == reserved)
        }
    }

    @Test func aKeyHasSoManyAndNoMore() throws {
        var admission = Admission(runs: 4, queue: 4, perKey: 2)
        let first = try ticket(admission.enter("a"))
        _ = try ticket(admission.enter("a"))
        #expect(admission.enter("a") == .keyIsBusy)
        _ = try ticket(admission.enter("b"))
        _ = admission.leave(first)
        _ = try ticket(admission.enter("a"))
    }

    @Test func whoLeavesTheQueueIsNeverLetIn() throws {
        var admission = Admission(runs: 1, queue: 4, perKey: 4)
        let first = try ticket(admission.enter("a"))
        let second = try ticket(admission.enter("b"))
        let third = try ticket(admission.enter("c"))
        #expect(admission.leave(second).isEmpty)
        #expect(admission.leave(second).isEmpty)
        #expect(admission.leave(first) == [third])
    }

    @Test func closingRefusesThoseWhoWait() throws {
        var admission = Admission(runs: 1, queue: 4, perKey: 4)
        let first = try ticket(admission.enter("a"))
        let second = try ticket(admission.enter("b"))
        #expect(admission.close() == [second])
        #expect(admission.enter("c") == .isClosed)
        #expect(admission.leave(second).isEmpty)
        #expect(admission.leave(first).isEmpty)
        #expect(admission.waitingCount == 0)
    }

    @Test func theBooksBalanceWhateverHappens() throws {
        var generator = SystemRandomNumberGenerator()
        var admission = Admission(runs: 3, reserve: 1, queue: 5, perKey: 4)
        var running: Set<Admission.Ticket> = []
        var waiting: Set<Admission.Ticket> = []
        for _ in 0..<20_000 {
            if Bool.random(using: &generator) {
                switch admission.enter(["a", "b", "c"].randomElement(using: &generator) ?? "a") {
                case .runs(let ticket): running.insert(ticket)
                case .waits(let ticket): waiting.insert(ticket)
                default: break
                }
            } else if let ticket = running.union(waiting).randomElement(using: &generator) {
                running.remove(ticket)
                waiting.remove(ticket)
                for next in admission.leave(ticket) {
                    #expect(waiting.remove(next) != nil)
                    running.insert(next)
                }
            }
            #expect(admission.runningCount == running.count)
            #expect(admission.waitingCount == waiting.count)
            #expect(running.count <= 3)
            #expect(waiting.count <= 5)
            #expect(waiting.isEmpty || running.count >= 2)
        }
    }
}
