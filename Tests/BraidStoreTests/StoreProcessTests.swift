#if Gateway
    import Braid
    import Foundation
    import GRDB
    import Testing

    @testable import BraidStore

    @Suite("Processes die, and share a store", .serialized)
    struct StoreProcessTests {
        /// What lines of `BraidStoreWriter` promise, checked against the store.
        private static func check(_ lines: [String], in store: TrajectoryStore) async throws {
            for line in lines {
                let words = line.split(separator: " ").map(String.init)
                switch words[0] {
                case "begun": #expect(try await store.run(words[1]) != nil, "\(line)")
                case "events":
                    let events = try await store.events(of: words[1])
                    #expect(events.count >= Int(words[2]) ?? .max, "\(line)")
                    #expect(events.map(\.sequence) == Array(0..<events.count), "\(line)")
                case "finished":
                    let run = try await store.run(words[1])
                    #expect(run?.status == .finished && run?.answer == words[2], "\(line)")
                    #expect(run?.trajectory?.answer?.text == words[2], "\(line)")
                case "kept":
                    let key = SubproblemKey(
                        tenant: "t", subtask: words[1], facts: [], model: "m", sampling: .greedy, seed: 0)
                    #expect(try await store.result(for: key)?.text == words[2], "\(line)")
                default: #expect(["open", "closed"].contains(line))
                }
            }
        }

        private static func integrity(_ url: URL) throws -> [String] {
            let database = try DatabaseQueue(path: url.path)
            return try database.read { database in
                let found = try String.fetchAll(database, sql: "PRAGMA integrity_check")
                let foreign = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { "\($0)" }
                return found + foreign
            }
        }

        @Test("SIGKILL while it writes loses nothing that was acknowledged, 100 times")
        func killed() async throws {
            let folder = try TemporaryFolder()
            var random = SeededGenerator(seed: 21)
            var promised = 0
            for round in 0..<100 {
                // A store that has seen many deaths now and then; a new one at other times.
                let url = folder.url.appendingPathComponent("\(round / 10).sqlite")
                let writer = try WriterProcess(store: url, name: "r\(round)", seed: random.next(), count: 1000)
                let lines = writer.killed(afterLines: Int.random(in: 0...120, using: &random))
                promised += lines.count
                #expect(lines.last != "closed")
                let store = try await TrajectoryStore.open(at: url)
                try await Self.check(lines, in: store)
                #expect(try await store.runs(RunQuery(status: .running)).runs.isEmpty)
                for run in try await store.runs(RunQuery(status: .failed, limit: 500)).runs {
                    #expect(run.reason == "the process that ran it ended")
                }
                try await store.close()
                #expect(try Self.integrity(url) == ["ok"], "round \(round)")
            }
            #expect(promised > 3000)
            print("100 processes were killed; \(promised) acknowledgements were checked")
        }

        @Test("two processes write at once, and neither hears of the other")
        func two() async throws {
            let folder = try TemporaryFolder()
            let writers = try ["a", "b"].map {
                try WriterProcess(store: folder.store, name: $0, seed: 7, count: 25)
            }
            let store = try await TrajectoryStore.open(at: folder.store)
            // This process is the third one.
            for number in 0..<50 {
                try await store.begin(.fixture("c\(number)"))
                try await store.finish("c\(number)", status: .finished, trajectory: .fixture())
                _ = try await store.runs(RunQuery(text: "question"))
            }
            for writer in writers {
                let lines = writer.lines()
                #expect(lines.last == "closed")
                // Open, closed, and six for each of 4 x 25 runs.
                #expect(lines.count == 602)
                try await Self.check(lines, in: store)
            }
            try await store.close()
            #expect(try Self.integrity(folder.store) == ["ok"])
        }

        @Test("many open one new store at the same time")
        func opening() async throws {
            let folder = try TemporaryFolder()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let store = try await TrajectoryStore.open(at: folder.store)
                        try await store.begin(.fixture("\(number)"))
                        try await store.close()
                    }
                }
                try await group.waitForAll()
            }
            let store = try await TrajectoryStore.open(at: folder.store)
            #expect(try await store.runs().runs.count == 16)
        }

        @Test("runs of a process that lives go on; those of one that ended have failed")
        func abandoned() async throws {
            let folder = try TemporaryFolder()
            let living = try await TrajectoryStore.open(at: folder.store)
            try await living.begin(.fixture("living"))
            do {
                let ended = try await TrajectoryStore.open(at: folder.store)
                try await ended.begin(.fixture("ended"))
                try await ended.begin(.fixture("done"))
                try await ended.finish("done", status: .incomplete, trajectory: .fixture(answer: nil))
                try await ended.close()
            }
            #expect(try await living.run("ended")?.status == .running)
            let next = try await TrajectoryStore.open(at: folder.store)
            #expect(try await next.run("living")?.status == .running)
            #expect(try await next.run("done")?.status == .incomplete)
            let ended = try await next.run("ended")
            #expect(ended?.status == .failed)
            #expect(ended?.reason == "the process that ran it ended")
            try await living.finish("living", status: .finished, trajectory: .fixture())
            #expect(try await next.run("living")?.status == .finished)
            try await next.close()
            try await living.close()
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.store.path + "-processes")
            #expect(left.isEmpty)
        }

        @Test("events that come together share a transaction")
        func batching() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            for number in 0..<100 { try await store.begin(.fixture("\(number)")) }
            let before = store.writes.transactions
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        do {
                            try await store.append(
                                (0..<10).map { StoredEvent(sequence: $0, type: "t", data: "{}") }, to: "\(number)")
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
            #expect(store.writes.transactions - before <= 4)
            #expect(try await store.events(of: "99").count == 10)
        }

        @Test("whoever closes waits for what is under way, and what comes later is refused")
        func closing() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            try await store.begin(.fixture("x"))
            let outcomes = await withTaskGroup(of: Bool.self, returning: [Bool].self) { group in
                for number in 0..<50 {
                    group.addTask {
                        do throws(StoreError) {
                            try await store.append([StoredEvent(sequence: number, type: "t", data: "{}")], to: "x")
                            return true
                        } catch {
                            #expect(error == .closed(path: folder.store.path))
                            return false
                        }
                    }
                }
                group.addTask {
                    do { try await store.close() } catch { Issue.record(error) }
                    return false
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let path = folder.store.path
            await #expect(throws: StoreError.closed(path: path)) { try await store.begin(.fixture("y")) }
            await #expect(throws: StoreError.closed(path: path)) { try await store.run("x") }
            let again = try await TrajectoryStore.open(at: folder.store)
            #expect(try await again.events(of: "x").count == outcomes.count { $0 })
        }
    }
#endif
