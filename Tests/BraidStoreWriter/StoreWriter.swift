#if Gateway
    import Braid
    import BraidStore
    import Foundation

    /// A process that writes to a store and says on standard output what has been acknowledged, for tests that kill it.
    ///
    ///     BraidStoreWriter write STORE NAME SEED COUNT
    ///
    /// Four tasks write COUNT runs each, with events and results; the seed decides how many and how large. A line is said
    /// once a call has returned: `begun ID`, `events ID COUNT` (so many in all), `finished ID ANSWER`, `kept ID TEXT`.
    /// The other commands measure, see ``StoreFigures``.
    @main
    struct StoreWriter {
        static func main() async throws {
            let arguments = CommandLine.arguments.dropFirst()
            let numbers = arguments.dropFirst(2).map { Int($0) ?? 0 }
            let store = URL(fileURLWithPath: arguments.dropFirst().first ?? "")
            switch (arguments.first, numbers.count) {
            case ("write", 3):
                let seed = UInt64(arguments[4]) ?? 0
                try await StoreWriter(name: arguments[3], seed: seed, count: numbers[2]).write(to: store)
            case ("events", 3):
                try await StoreFigures.events(to: store, streams: numbers[0], batch: numbers[1], count: numbers[2])
            case ("fill", 1): try await StoreFigures.fill(store, count: numbers[0])
            case ("open", 0): try await StoreFigures.open(store)
            default:
                fatalError(
                    """
                    usage: BraidStoreWriter write STORE NAME SEED COUNT | events STORE STREAMS BATCH COUNT \
                    | fill STORE COUNT | open STORE
                    """)
            }
        }

        let name: String
        let seed: UInt64
        let count: Int

        func write(to url: URL) async throws {
            let store = try await TrajectoryStore.open(at: url)
            Self.say("open")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<4 {
                    group.addTask {
                        for number in 0..<count {
                            try await keepRun(
                                "\(name)-\(task)-\(number)", seed &+ UInt64(task * count + number), in: store)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await store.close()
            Self.say("closed")
        }

        private func keepRun(_ id: String, _ seed: UInt64, in store: TrajectoryStore) async throws {
            var size = Int(seed % 7)
            try await store.begin(
                StoredRun(
                    id: id, created: Date(timeIntervalSince1970: 1_800_000_000), question: "question of \(id)",
                    method: "adaptive", model: "m", engine: "e"))
            Self.say("begun \(id)")
            var sequence = 0
            for _ in 0..<3 {
                size = (size * 31 + 17) % 40
                let events = (0...size).map { index in
                    StoredEvent(sequence: sequence + index, type: "token", data: #"{"text":"\#(sequence + index)"}"#)
                }
                sequence += events.count
                try await store.append(events, to: id)
                Self.say("events \(id) \(sequence)")
            }
            try await store.keep(
                SubproblemResult(text: "\(sequence)", question: "q", thread: "0.1", tokens: 1, isVerified: true),
                for: SubproblemKey(tenant: "t", subtask: id, facts: [], model: "m", sampling: .greedy, seed: 0))
            Self.say("kept \(id) \(sequence)")
            let text = String(repeating: "x", count: size * 200)
            let trajectory = Trajectory(
                question: Question("question of \(id)"), dialect: "braid", method: "adaptive", model: "m", engine: "e",
                seed: seed, answer: Answer(text: "\(sequence)"),
                root: ReasoningThread(
                    id: "0",
                    steps: [.segment(Segment(origin: .model, text: text, tokenCount: size, start: 0, end: 1))],
                    outcome: .finished))
            try await store.finish(id, status: .finished, trajectory: trajectory)
            Self.say("finished \(id) \(sequence)")
        }

        /// Writes a line past every buffer: what is said must have been heard when the process is killed.
        static func say(_ line: String) {
            do {
                try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
            } catch {
                exit(1)
            }
        }
    }
#else
    @main
    struct StoreWriter {
        static func main() {}
    }
#endif
