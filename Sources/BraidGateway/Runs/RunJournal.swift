#if Gateway
    import Braid
    import BraidStore

    /// Writes one run into the store while it goes on.
    final class RunJournal: Sendable {
        private let store: DegradingStore
        private let live: LiveRun
        private let entry: StoredRun

        /// Prepares to write a run down.
        init(_ live: LiveRun, in store: DegradingStore) {
            self.live = live
            self.store = store
            let summary = live.summary
            entry = StoredRun(
                id: live.id, owner: live.owner, created: live.created, question: summary.question,
                method: summary.method, model: summary.model, engine: summary.engine)
        }

        /// Enters the run.
        func begin() async { await store.begin(entry) }

        /// Writes events as they come, to the last one: what comes while the disk is busy is written in one piece.
        func follow() async {
            var number = 0
            while true {
                let entries = await live.log.next(after: number)
                guard let last = entries.last else { return }
                number = last.number
                let events = entries.map { entry in
                    StoredEvent(
                        sequence: entry.number, type: entry.event.name,
                        data: String(decoding: entry.event.json(at: entry.seconds), as: UTF8.self))
                }
                await store.append(events, to: live.id)
            }
        }

        /// Enters how the run ended; returns once that is on disk.
        func finish(_ outcome: LiveRun.Outcome) async {
            let answer = outcome.trajectory.answer
            await store.finish(
                live.id, status: outcome.status, trajectory: outcome.trajectory,
                reason: outcome.error?.message ?? answer?.whyIncomplete)
        }
    }
#endif
