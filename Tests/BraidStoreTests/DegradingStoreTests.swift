#if Gateway
    import Braid
    import Foundation
    import GRDB
    import Synchronization
    import Testing

    @testable import BraidStore

    @Suite("Runs go on without the store, which is tried again")
    struct DegradingStoreTests {
        /// A clock that goes when it is told to.
        private final class ManualClock: Clock {
            struct Instant: InstantProtocol {
                var offset: Duration
                func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
                func duration(to other: Instant) -> Duration { other.offset - offset }
                static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
            }

            private let time = Mutex(Duration.zero)
            var now: Instant { Instant(offset: time.withLock { $0 }) }
            var minimumResolution: Duration { .zero }
            func advance(by duration: Duration) { time.withLock { $0 += duration } }
            func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
        }

        private final class Messages: Sendable {
            private let said = Mutex<[String]>([])
            func say(_ message: String) { said.withLock { $0.append(message) } }
            var all: [String] { said.withLock { $0 } }
        }

        @Test("one warning, pauses that grow, one message at the end")
        func outage() async throws {
            let folder = try TemporaryFolder()
            // Where the store's folder should be lies a file.
            let obstacle = folder.url.appendingPathComponent("folder")
            try Data("x".utf8).write(to: obstacle)
            let url = obstacle.appendingPathComponent("runs.sqlite")
            let (clock, messages) = (ManualClock(), Messages())
            let store = await DegradingStore.open(at: url, clock: clock) { messages.say($0) }
            #expect(!store.isWorking)
            #expect(messages.all.count == 1)
            for number in 0..<3 { await store.begin(.fixture("\(number)")) }
            await store.append([StoredEvent(sequence: 0, type: "t", data: "{}")], to: "0")
            await store.finish("0", status: .finished, trajectory: .fixture())
            await #expect(throws: StoreError.self) { try await store.runs(RunQuery()) }
            clock.advance(by: .seconds(5))
            await store.begin(.fixture("3"))
            #expect(messages.all.count == 1)

            try FileManager.default.removeItem(at: obstacle)
            // It has just been tried, so it is not yet tried again.
            await store.begin(.fixture("4"))
            #expect(!store.isWorking)
            clock.advance(by: .seconds(60))
            // A run that began without the store is entered when it ends.
            await store.finish("1", status: .finished, trajectory: .fixture(answer: "late"))
            #expect(store.isWorking)
            #expect(messages.all.count == 2)
            #expect(messages.all.last?.hasPrefix("the store works again after 65 s, in which ") == true)
            #expect(try await store.run("1")?.answer == "late")
            await store.begin(.fixture("5"))
            #expect(try await store.runs(RunQuery()).runs.map(\.id).sorted() == ["1", "5"])
            await store.close()
        }

        @Test("a run whose end could not be kept has failed, once the store works again")
        func unfinished() async throws {
            let folder = try TemporaryFolder()
            let (clock, messages) = (ManualClock(), Messages())
            let store = await DegradingStore.open(at: folder.store, clock: clock) { messages.say($0) }
            for id in ["a", "b", "c"] { await store.begin(.fixture(id)) }
            // Whoever takes the tables away makes every write fail.
            let other = try await TrajectoryStore.open(at: folder.store)
            try await other.writes.write { try $0.execute(sql: "ALTER TABLE run RENAME TO gone") }
            await store.finish("a", status: .finished, trajectory: .fixture())
            await store.finish("b", status: .cancelled, trajectory: .fixture())
            #expect(!store.isWorking)
            #expect(messages.all.count == 1)
            try await other.writes.write { try $0.execute(sql: "ALTER TABLE gone RENAME TO run") }
            clock.advance(by: .seconds(1))
            await store.finish("c", status: .finished, trajectory: .fixture(answer: "kept"))
            #expect(messages.all.count == 2)
            #expect(try await store.run("c")?.answer == "kept")
            let lost = try await store.run("a")
            #expect(lost?.status == .failed && lost?.reason == "its record could not be stored when it ended")
            #expect(try await store.run("b")?.status == .cancelled)
        }

        @Test("what only a caller did wrong is no outage")
        func callers() async throws {
            let folder = try TemporaryFolder()
            let messages = Messages()
            let store = await DegradingStore.open(at: folder.store) { messages.say($0) }
            await store.begin(.fixture("x"))
            await store.begin(.fixture("x"))
            await store.finish("nobody", status: .finished, trajectory: .fixture())
            await #expect(throws: StoreError.invalidLimit(0)) { try await store.runs(RunQuery(limit: 0)) }
            #expect(store.isWorking)
            #expect(messages.all.isEmpty)
        }
    }
#endif
