#if Gateway
    import Braid
    import BraidStore
    import Synchronization
    import Testing

    @Suite("Results of subproblems outlive the process, and stay with their tenant")
    struct SubproblemResultTests {
        static func key(_ subtask: String, tenant: String = "a", facts: [String] = []) -> SubproblemKey {
            SubproblemKey(tenant: tenant, subtask: subtask, facts: facts, model: "m", sampling: .greedy, seed: 0)
        }

        static func result(_ text: String) -> SubproblemResult {
            SubproblemResult(text: text, question: "q\0", thread: "0.1", tokens: 10, isVerified: true)
        }

        @Test("a result is found for the same subproblem of the same tenant only")
        func keys() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            try await store.keep(Self.result("5"), for: Self.key("Add 2 and 3"))
            #expect(try await store.result(for: Self.key("add 2  and 3.")) == Self.result("5"))
            for other in [
                Self.key("add 2 and 3", tenant: "b"), Self.key("add 2 and 3", tenant: ""), Self.key("add 2 and 4"),
                Self.key("add 2 and 3", tenant: "a\0"), Self.key("add 2 and 3", facts: ["x"]),
            ] {
                #expect(try await store.result(for: other) == nil)
            }
        }

        @Test("a cache begins with what the one before it kept, newest last to go")
        func cache() async throws {
            let folder = try TemporaryFolder()
            var store = try await TrajectoryStore.open(at: folder.store)
            let failures = Mutex(0)
            let first = try await store.subproblemCache { _ in failures.withLock { $0 += 1 } }
            for number in 0..<6 { first.keep(Self.result("\(number)"), for: Self.key("\(number)")) }
            first.keep(Self.result("zero"), for: Self.key("0"))
            // Whoever closes waits for what is under way.
            try await store.close()
            store = try await TrajectoryStore.open(at: folder.store)
            let second = try await store.subproblemCache(capacity: 4) { _ in failures.withLock { $0 += 1 } }
            let found = (0..<6).map { second.result(for: Self.key("\($0)"))?.text }
            #expect(found == ["zero", nil, nil, "3", "4", "5"])
            #expect(second.result(for: Self.key("5", tenant: "b")) == nil)
            // The oldest in the cache is the first to go.
            second.keep(Self.result("new"), for: Self.key("new"))
            #expect(second.count == 4)
            #expect(second.result(for: Self.key("0")) == nil)
            #expect(failures.withLock { $0 } == 0)
        }

        @Test("a result that cannot be written is said, and the cache has it all the same")
        func failure() async throws {
            let folder = try TemporaryFolder()
            let store = try await TrajectoryStore.open(at: folder.store)
            let failures = Mutex<[StoreError]>([])
            let cache = try await store.subproblemCache { error in failures.withLock { $0.append(error) } }
            try await store.close()
            cache.keep(Self.result("1"), for: Self.key("x"))
            #expect(cache.result(for: Self.key("x"))?.text == "1")
            #expect(failures.withLock(\.count) == 1)
        }
    }
#endif
