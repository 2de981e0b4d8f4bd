#if Gateway
    import Braid
    import BraidStore
    import Foundation
    import Testing

    @Suite("Runs are found, and listed page by page")
    struct RunQueryTests {
        /// Every combination of a few values, some at the same moment.
        private static func fill(_ store: TrajectoryStore, seed: UInt64) async throws -> [StoredRun] {
            var random = RandomRecord(seed: seed)
            var runs: [StoredRun] = []
            for number in 0..<60 {
                var run = StoredRun.fixture(
                    "id\(number * 37 % 60)", owner: ["a", "b", "a\0"][number % 3],
                    at: 1_800_000_000 + Double(number / 4),
                    question: random.text(), method: ["adaptive", "sequential"][number % 2],
                    model: ["m", "n"][number / 30])
                try await store.begin(run)
                run.answer = random.text()
                run.status = number % 5 == 0 ? .running : .finished
                try await store.finish(run.id, status: run.status, trajectory: .fixture(answer: run.answer))
                runs.append(run)
            }
            return runs.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
        }

        @Test("filters and words find what a slow and obvious search finds", arguments: 0..<10)
        func search(seed: UInt64) async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            let runs = try await Self.fill(store, seed: seed)
            let texts = [
                "", " ", "12", "+", "%", "_", "a_b", "\\", "100 %", "DROP", "drop TABLE", "\"", "\"so\"", "'", "Ärg",
                "ärger", "数",
                "数学", "NEAR(a", "x*", "OR", "-", "--", "run_text:", "^it", "it's 12", "PARALLEL", "nothing", "👩🏽‍🔬", "(",
                "\0",
            ]
            for text in texts {
                for owner in [nil, "a", "b", "a\0", "%"] {
                    var query = RunQuery(owner: owner, text: text, limit: 500)
                    query.method = seed % 2 == 0 ? "sequential" : nil
                    query.model = seed % 3 == 0 ? "m" : nil
                    query.status = seed % 4 == 0 ? .running : nil
                    let words = text.replacing("\0", with: " ").split(whereSeparator: \.isWhitespace)
                    let expected = runs.filter { run in
                        (owner.map { $0 == run.owner } ?? true) && (query.method.map { $0 == run.method } ?? true)
                            && (query.model.map { $0 == run.model } ?? true)
                            && (query.status.map { $0 == run.status } ?? true)
                            && words.allSatisfy { word in
                                [run.question, run.answer ?? ""].contains { Self.has(String(word), in: $0) }
                            }
                    }
                    let found = try await store.runs(query).runs.map(\.id)
                    #expect(found == expected.map(\.id), "\(text) \(owner ?? "everybody")")
                }
            }
        }

        /// Whether a text has a word, scalar by scalar, whatever the case.
        private static func has(_ word: String, in text: String) -> Bool {
            let (word, text) = (Array(word.lowercased().unicodeScalars), Array(text.lowercased().unicodeScalars))
            guard word.count <= text.count else { return false }
            return (0...(text.count - word.count)).contains { Array(text[$0..<($0 + word.count)]) == word }
        }

        @Test("a page goes on where the one before ended, whatever comes and goes meanwhile", arguments: 0..<10)
        func paging(seed: UInt64) async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            let runs = try await Self.fill(store, seed: seed)
            var query = RunQuery(owner: seed % 2 == 0 ? nil : "a", limit: Int(seed) + 1)
            var found: [String] = []
            var pages = 0
            repeat {
                let page = try await store.runs(query)
                #expect(page.runs.count == query.limit || page.next == nil)
                found += page.runs.map(\.id)
                // A cursor survives being written down.
                query.before = page.next.map { RunCursor($0.description) } ?? nil
                #expect(query.before == page.next)
                try await store.begin(.fixture("new\(pages)", owner: "a", at: 1_900_000_000))
                pages += 1
            } while query.before != nil
            #expect(found == runs.filter { query.owner == nil || $0.owner == query.owner }.map(\.id))
        }

        @Test(
            "what is no cursor is refused",
            arguments: ["", ":", "1", "1:", ":x", "x:y", "01:x", "1.5:x", "+1:x", "9999999999999999999:x"])
        func cursors(text: String) {
            #expect(RunCursor(text) == nil)
            #expect(RunCursor("-5:a:b")?.description == "-5:a:b")
        }
    }
#endif
