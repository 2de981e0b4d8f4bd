#if Gateway
    import Braid
    import Foundation
    import GRDB
    import Testing

    @testable import BraidStore

    @Suite("No more is kept than the limits say")
    struct RetentionTests {
        private static let none = RetentionLimits(runs: .max, bytes: .max, age: .seconds(1 << 40), results: .max)

        private static func filled(
            _ folder: TemporaryFolder, _ limits: RetentionLimits, count: Int, text: String = "t"
        ) async throws -> TrajectoryStore {
            let store = try await TrajectoryStore.open(at: folder.store, retention: limits)
            for number in 0..<count {
                try await store.begin(.fixture("\(number)", at: 1_800_000_000 + Double(number)))
                guard number % 5 != 0 else { continue }
                try await store.append(
                    (0..<50).map { StoredEvent(sequence: $0, type: "t", data: text) }, to: "\(number)")
                try await store.finish("\(number)", status: .finished, trajectory: .fixture(text: text))
            }
            return store
        }

        private static func ids(_ store: TrajectoryStore) async throws -> [Int] {
            try await store.runs(RunQuery(limit: 500)).runs.compactMap { Int($0.id) }.sorted()
        }

        @Test("the oldest go when there are too many, but none that goes on", arguments: [0, 1, 10, 40, 100])
        func count(most: Int) async throws {
            let folder = try TemporaryFolder()
            var limits = Self.none
            limits.runs = most
            let store = try await Self.filled(folder, limits, count: 100)
            let dropped = try await store.prune()
            // 20 of the 100 go on; the newest others stay as far as there is room.
            let ended = (0..<100).filter { $0 % 5 != 0 }
            let stay = ended.suffix(max(0, most - 20))
            #expect(dropped == 80 - stay.count)
            #expect(try await Self.ids(store) == ((0..<100).filter { $0 % 5 == 0 } + stay).sorted())
            #expect(try await store.prune() == 0)
            for number in 0..<100 {
                let events = try await store.events(of: "\(number)")
                #expect(events.count == (stay.contains(number) ? 50 : 0))
            }
        }

        @Test("runs go when they are too old")
        func age() async throws {
            let folder = try TemporaryFolder()
            var limits = Self.none
            limits.age = .seconds(60)
            let store = try await Self.filled(folder, limits, count: 40)
            #expect(try await store.prune(now: Date(timeIntervalSince1970: 1_800_000_080)) == 16)
            #expect(try await Self.ids(store) == [0, 5, 10, 15] + Array(20..<40))
        }

        @Test("the oldest go when the file is too large, and the file becomes shorter")
        func bytes() async throws {
            let folder = try TemporaryFolder()
            var limits = Self.none
            limits.bytes = 512 << 10
            let text = String(repeating: "abcdefgh", count: 32)
            let store = try await Self.filled(folder, limits, count: 100, text: text)
            let dropped = try await store.prune()
            let ids = try await Self.ids(store)
            #expect(dropped > 40 && dropped < 80)
            #expect(ids.count == 100 - dropped)
            #expect(ids.suffix(10) == Array(90..<100))
            let pages = try await store.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? .max }
            #expect(pages <= limits.bytes / 4096)
        }

        @Test("a run with more events than one step takes goes too")
        func manyEvents() async throws {
            let folder = try TemporaryFolder()
            var limits = Self.none
            limits.runs = 0
            let store = try await TrajectoryStore.open(at: folder.store, retention: limits)
            try await store.begin(.fixture("x"))
            try await store.append((0..<10_000).map { StoredEvent(sequence: $0, type: "t", data: "{}") }, to: "x")
            try await store.finish("x", status: .finished, trajectory: .fixture())
            #expect(try await store.prune() == 1)
            #expect(try await store.run("x") == nil)
        }

        @Test("the oldest results go")
        func results() async throws {
            let folder = try TemporaryFolder()
            var limits = Self.none
            limits.results = 3
            let store = try await TrajectoryStore.open(at: folder.store, retention: limits)
            for number in 0..<8 {
                try await store.keep(
                    SubproblemResultTests.result("\(number)"), for: SubproblemResultTests.key("\(number)"))
            }
            try await store.keep(SubproblemResultTests.result("again"), for: SubproblemResultTests.key("1"))
            try await store.prune()
            var kept: [String?] = []
            for number in 0..<8 {
                kept.append(try await store.result(for: SubproblemResultTests.key("\(number)"))?.text)
            }
            #expect(kept == [nil, "again", nil, nil, nil, nil, "6", "7"])
        }

        @Test("limits below zero are zero")
        func negative() {
            let limits = RetentionLimits(runs: -1, bytes: -1, age: .seconds(-1), results: -1)
            #expect(limits == RetentionLimits(runs: 0, bytes: 0, age: .zero, results: 0))
        }
    }
#endif
