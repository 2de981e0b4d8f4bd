#if Gateway
    public import Braid
    public import Foundation
    internal import Synchronization

    /// A store that may fail without anybody who asks a question noticing: runs go on, and are not kept meanwhile.
    ///
    /// There is one warning for each outage and one message at its end. The store is tried again after 1 second, then
    /// after pauses twice as long each, 60 seconds at most. A run that began during an outage is entered when it ends, if
    /// the store works by then; one whose end could not be entered is marked ``RunStatus/failed`` later.
    public final class DegradingStore: Sendable {
        private struct State {
            var store: TrajectoryStore?
            var isOpening = false
            var health = StoreHealth()
            /// Runs whose beginning could not be entered.
            var unbegun: [String: StoredRun] = [:]
            /// Runs whose end could not be entered.
            var unfinished: [String: RunStatus] = [:]
        }

        /// Most runs of each kind that are remembered: what waits for the disk is memory.
        private static let memory = 4096

        private let url: URL
        private let retention: RetentionLimits
        private let uptime: @Sendable () -> Duration
        private let warn: @Sendable (String) -> Void
        private let state = Mutex(State())

        /// Opens a store, and goes on without one when that fails.
        /// - Parameters:
        ///   - clock: what the pauses are measured with.
        ///   - warn: told what fails and what works again.
        public static func open(
            at url: URL, retention: RetentionLimits = .standard, clock: some Clock<Duration> = ContinuousClock(),
            warn: @escaping @Sendable (String) -> Void
        ) async -> DegradingStore {
            let start = clock.now
            let store = DegradingStore(url, retention, uptime: { start.duration(to: clock.now) }, warn: warn)
            _ = await store.attempt(countsAsLoss: false) { _ in }
            return store
        }

        private init(
            _ url: URL, _ retention: RetentionLimits, uptime: @escaping @Sendable () -> Duration,
            warn: @escaping @Sendable (String) -> Void
        ) {
            self.url = url
            self.retention = retention
            self.uptime = uptime
            self.warn = warn
        }

        /// Whether the store worked when it was last used.
        public var isWorking: Bool { state.withLock { $0.health.outage == nil && $0.store != nil } }

        /// Enters a run that begins.
        public func begin(_ run: StoredRun) async {
            if await attempt({ store throws(StoreError) in try await store.begin(run) }) == nil {
                state.withLock { state in
                    if state.unbegun.count < Self.memory { state.unbegun[run.id] = run }
                }
            }
        }

        /// Adds events to a run; those of a run whose beginning is not in the store are dropped.
        public func append(_ events: [StoredEvent], to id: String) async {
            if state.withLock({ $0.unbegun[id] != nil }) { return }
            _ = await attempt { store throws(StoreError) in try await store.append(events, to: id) }
        }

        /// Enters how a run ended.
        public func finish(_ id: String, status: RunStatus, trajectory: Trajectory?, reason: String? = nil) async {
            let unbegun = state.withLock { $0.unbegun.removeValue(forKey: id) }
            let isKept: Void? = await attempt { store throws(StoreError) in
                if let unbegun { try await store.begin(unbegun) }
                try await store.finish(id, status: status, trajectory: trajectory, reason: reason)
            }
            if isKept == nil {
                state.withLock { state in
                    if state.unfinished.count < Self.memory { state.unfinished[id] = status }
                }
            }
        }

        /// A run with its record; nil when there is none of this id.
        /// - Throws: why nothing can be read.
        public func run(_ id: String) async throws(StoreError) -> StoredRun? {
            try await reading { store throws(StoreError) in try await store.run(id) }
        }

        /// Events of a run, in order.
        /// - Throws: why nothing can be read.
        public func events(
            of id: String, after sequence: Int? = nil, limit: Int = 1000
        ) async throws(StoreError) -> [StoredEvent] {
            try await reading { store throws(StoreError) in
                try await store.events(of: id, after: sequence, limit: limit)
            }
        }

        /// One page of the runs that match, newest first.
        /// - Throws: why nothing can be read.
        public func runs(_ query: RunQuery) async throws(StoreError) -> RunPage {
            try await reading { store throws(StoreError) in try await store.runs(query) }
        }

        /// Drops what is beyond the limits.
        public func prune(now: Date = Date()) async {
            _ = await attempt(countsAsLoss: false) { store throws(StoreError) in _ = try await store.prune(now: now) }
        }

        /// A cache of subproblems that is kept in the store, or one that begins empty and is not when that fails.
        public func subproblemCache(capacity: Int = 4096) async -> SubproblemCache {
            let kept = await attempt(countsAsLoss: false) { store throws(StoreError) in
                try await store.subproblemCache(capacity: capacity) { [weak self] in self?.note($0) }
            }
            return kept ?? SubproblemCache(capacity: capacity)
        }

        /// Writes what waits and lets go of the file.
        public func close() async {
            guard let store = state.withLock({ $0.store }) else { return }
            do throws(StoreError) {
                try await store.close()
            } catch {
                warn(error.description)
            }
        }

        /// Uses the store for something that may be lost.
        /// - Returns: nil when it was.
        private func attempt<Value: Sendable>(
            countsAsLoss: Bool = true, _ use: (TrajectoryStore) async throws(StoreError) -> Value
        ) async -> Value? {
            do throws(StoreError) {
                if let store = try await store() {
                    let value = try await use(store)
                    await worked(store)
                    return value
                }
            } catch {
                note(error)
            }
            if countsAsLoss { state.withLock { $0.health.lost() } }
            return nil
        }

        /// Uses the store for something that somebody asked for.
        private func reading<Value: Sendable>(
            _ use: (TrajectoryStore) async throws(StoreError) -> Value
        ) async throws(StoreError) -> Value {
            // What can be read says nothing about writing, so an outage neither hinders it nor ends with it.
            if let store = state.withLock({ $0.store }) { return try await use(store) }
            do throws(StoreError) {
                if let store = try await store() { return try await use(store) }
            } catch {
                note(error)
                throw error
            }
            throw state.withLock { $0.health.outage?.error } ?? .busy(path: url.path)
        }

        private enum Access {
            case store(TrajectoryStore)
            case toOpen
            case refused
        }

        /// The store, opened if need be; nil while it is not time to try again.
        private func store() async throws(StoreError) -> TrajectoryStore? {
            let now = uptime()
            let access = state.withLock { state -> Access in
                guard !state.isOpening, state.health.admits(at: now) else { return .refused }
                if let store = state.store { return .store(store) }
                state.isOpening = true
                return .toOpen
            }
            switch access {
            case .store(let store): return store
            case .refused: return nil
            case .toOpen: break
            }
            defer { state.withLock { $0.isOpening = false } }
            let store = try await TrajectoryStore.open(at: url, retention: retention)
            state.withLock { $0.store = store }
            return store
        }

        private func note(_ error: StoreError) {
            guard error.isOutage else { return }
            let now = uptime()
            if let message = state.withLock({ $0.health.failed(error, at: now) }) { warn(message) }
        }

        private func worked(_ store: TrajectoryStore) async {
            let now = uptime()
            let (message, unfinished) = state.withLock { state in
                defer { state.unfinished = [:] }
                return (state.health.worked(at: now), state.unfinished)
            }
            if let message { warn(message) }
            for (id, status) in unfinished {
                let end = status == .finished ? RunStatus.failed : status
                do throws(StoreError) {
                    try await store.finish(
                        id, status: end, trajectory: nil, reason: "its record could not be stored when it ended")
                } catch {
                    note(error)
                }
            }
        }
    }
#endif
