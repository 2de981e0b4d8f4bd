#if Gateway
    import Braid
    import BraidStore
    import Foundation

    /// What `Benchmarks/reliability/store` measures, said as JSON.
    enum StoreFigures {
        /// Streams that each hand in a batch of token events, wait for it, and go on.
        static func events(to url: URL, streams: Int, batch: Int, count: Int) async throws {
            let store = try await TrajectoryStore.open(at: url)
            for stream in 0..<streams { try await store.begin(run("s\(stream)", number: stream)) }
            let clock = ContinuousClock()
            let start = clock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for stream in 0..<streams {
                    group.addTask {
                        for first in stride(from: 0, to: count, by: batch) {
                            let events = (first..<min(count, first + batch)).map { sequence in
                                StoredEvent(
                                    sequence: sequence, type: "token",
                                    data: #"{"at":\#(Double(sequence) / 50),"thread":"0.2.1","text":" and","tokens":1}"#
                                )
                            }
                            try await store.append(events, to: "s\(stream)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seconds = (clock.now - start) / .seconds(1)
            let total = streams * count
            StoreWriter.say(
                """
                {"streams":\(streams),"batch":\(batch),"events":\(total),"seconds":\(seconds),\
                "eventsPerSecond":\(Int(Double(total) / seconds))}
                """)
            try await store.close()
        }

        /// Fills a store with runs of 50 events and a record of about 4 KB each.
        static func fill(_ url: URL, count: Int) async throws {
            let store = try await TrajectoryStore.open(at: url)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    if number >= 64 { try await group.next() }
                    group.addTask {
                        let run = run("run\(number)", number: number)
                        try await store.begin(run)
                        try await store.append(
                            (0..<50).map { StoredEvent(sequence: $0, type: "token", data: #"{"at":1,"text":"x"}"#) },
                            to: run.id)
                        try await store.finish(run.id, status: .finished, trajectory: trajectory(run))
                    }
                }
                try await group.waitForAll()
            }
            try await store.close()
        }

        /// Opens a store, and lists, searches and prunes it.
        static func open(_ url: URL) async throws {
            let clock = ContinuousClock()
            var store: TrajectoryStore?
            let opening = try await clock.measure { store = try await TrajectoryStore.open(at: url) }
            guard let store else { return }
            let listing = try await clock.measure { _ = try await store.runs() }
            let searching = try await clock.measure { _ = try await store.runs(RunQuery(text: "make 765")) }
            let pruning = try await clock.measure { _ = try await store.prune() }
            func milliseconds(_ duration: Duration) -> Double { (duration / .microseconds(1)).rounded() / 1000 }
            StoreWriter.say(
                """
                {"openMilliseconds":\(milliseconds(opening)),"listMilliseconds":\(milliseconds(listing)),\
                "searchMilliseconds":\(milliseconds(searching)),"pruneMilliseconds":\(milliseconds(pruning))}
                """)
            try await store.close()
        }

        private static func run(_ id: String, number: Int) -> StoredRun {
            StoredRun(
                id: id, created: Date(timeIntervalSince1970: Date().timeIntervalSince1970 + Double(number) * 1e-6),
                question: "Use \(number % 97), \(number % 89), 25 and 50 to make \(number % 1000)", method: "adaptive",
                model: "braid-puzzles", engine: "embedded")
        }

        private static func trajectory(_ run: StoredRun) -> Trajectory {
            Trajectory(
                question: Question(run.question), dialect: "braid", method: run.method, model: run.model,
                engine: run.engine, seed: 1, answer: Answer(text: "(7 + 3) * 25"), verified: true,
                root: ReasoningThread(
                    id: "0",
                    steps: [
                        .segment(
                            Segment(
                                origin: .model, text: String(repeating: "7 + 3 = 10. ", count: 330), tokenCount: 2000,
                                start: 0, end: 1))
                    ], outcome: .finished), seconds: 1)
        }
    }
#endif
