#if Gateway
    import Braid
    import BraidStore
    import Foundation
    import Testing

    @Suite("What is stored is what was given")
    struct RoundTripTests {
        @Test("runs, records and events, also by a store opened anew", arguments: 0..<40)
        func records(seed: UInt64) async throws {
            let folder = try TemporaryFolder()
            var random = RandomRecord(seed: seed)
            var expected: [StoredRun] = []
            var events: [String: [StoredEvent]] = [:]
            var store = try await TrajectoryStore.open(at: folder.store)
            for number in 0..<5 {
                var run = StoredRun.fixture(
                    "run \(number) \(random.text())", owner: random.text(),
                    at: 1_800_000_000 + Double(number) + 0.123_456,
                    question: random.text(), method: random.text(), model: random.text())
                run.engine = random.text()
                try await store.begin(run)
                #expect(try await store.run(run.id) == run)
                let first = random.events(from: 0, count: 7)
                let second = random.events(from: 7, count: 3)
                try await store.append(first, to: run.id)
                try await store.append(second, to: run.id)
                // Handing in again what may or may not have arrived changes nothing.
                try await store.append(second, to: run.id)
                events[run.id] = first + second
                let trajectory = random.trajectory()
                run.status = RunStatus.allCases.filter { $0 != .running }[number % 4]
                run.reason = random.text()
                run.answer = trajectory.answer?.text
                run.verified = trajectory.verified
                run.metrics = TrajectoryMetrics(trajectory)
                run.trajectory = trajectory
                try await store.finish(run.id, status: run.status, trajectory: trajectory, reason: run.reason)
                expected.append(run)
            }
            for isReopened in [false, true] {
                if isReopened {
                    try await store.close()
                    store = try await TrajectoryStore.open(at: folder.store)
                }
                for run in expected {
                    #expect(try await store.run(run.id) == run)
                    let all = try #require(events[run.id])
                    #expect(try await store.events(of: run.id) == all)
                    #expect(try await store.events(of: run.id, after: 3, limit: 4) == Array(all[4..<8]))
                }
                let listed = expected.reversed().map { run in
                    var run = run
                    run.trajectory = nil
                    return run
                }
                #expect(try await store.runs() == RunPage(runs: listed))
            }
        }

        @Test("ids that are not there, or are there already, are said")
        func ids() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            #expect(try await store.run("x") == nil)
            #expect(try await store.events(of: "x").isEmpty)
            await #expect(throws: StoreError.unknownRun("x")) {
                try await store.append([StoredEvent(sequence: 0, type: "t", data: "{}")], to: "x")
            }
            await #expect(throws: StoreError.unknownRun("x")) {
                try await store.finish("x", status: .failed, trajectory: nil)
            }
            try await store.begin(.fixture("x"))
            await #expect(throws: StoreError.runExists("x")) { try await store.begin(.fixture("x")) }
            for limit in [0, -1, 501, .max] {
                await #expect(throws: StoreError.invalidLimit(limit)) { try await store.runs(RunQuery(limit: limit)) }
            }
        }

        @Test("one write's fault is not another's, though they share a transaction")
        func faults() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            let outcomes = await withTaskGroup(of: (Int, Bool).self, returning: [Int: Bool].self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do throws(StoreError) {
                            // Every third id is the one before it.
                            try await store.begin(.fixture("\(number % 3 == 2 ? number - 1 : number)"))
                            return (number, true)
                        } catch {
                            return (number, false)
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes.values.count { $0 } == 134)
            #expect(try await store.runs(RunQuery(limit: 500)).runs.count == 134)
        }

        @Test("times that no clock shows do not trap", arguments: [Double.infinity, -.infinity, .nan, 1e300, -1e300])
        func times(seconds: Double) async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            try await store.begin(.fixture("x", at: seconds))
            #expect(try await store.runs().runs.map(\.id) == ["x"])
        }
    }
#endif
