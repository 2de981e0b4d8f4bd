#if Gateway
    internal import Dispatch
    internal import GRDB
    internal import Synchronization

    /// Puts writes that wait at the same time into one transaction, so that they wait for the disk once.
    ///
    /// It writes on a thread of its own; whoever waits for a write is suspended, so that no thread of Swift's pool is held.
    /// A write whose result nobody needs at once lingers a little, until others have come along. Writes are made in the
    /// order they came, each in a savepoint: what one of them does wrong is undone for it alone.
    final class WriteQueue: Sendable {
        /// How soon a write has to be on disk.
        enum Urgency {
            /// Somebody waits for it.
            case now
            /// It may wait ``WriteQueue/linger`` for company.
            case soon
        }

        /// How long a write waits for company: 20 transactions a second at most while nothing urgent comes.
        static let linger = DispatchTimeInterval.milliseconds(50)

        private struct Write: Sendable {
            var urgency: Urgency
            var body: @Sendable (Database) throws -> Void
            var done: @Sendable (StoreError?) -> Void
        }

        private enum Phase {
            case idle, lingering, writing, closed
        }

        private struct State {
            var phase = Phase.idle
            var waiting: [Write] = []
            /// Writes among the waiting that nobody waits for.
            var unawaited = 0
            var transactions = 0
        }

        /// Most writes of one transaction: other processes must get their turn.
        private static let batchLimit = 256
        /// Most waiting writes that nobody waits for; what waits is memory.
        private static let unawaitedLimit = 1024

        private let pool: DatabasePool
        private let path: String
        private let queue = DispatchQueue(label: "braid.store.writes", qos: .userInitiated)
        private let state = Mutex(State())

        init(_ pool: DatabasePool, path: String) {
            self.pool = pool
            self.path = path
        }

        /// Writes and returns once that is on disk.
        func write(
            _ urgency: Urgency = .now, _ body: @escaping @Sendable (Database) throws -> Void
        ) async throws(StoreError) {
            let error = await withCheckedContinuation { continuation in
                add(Write(urgency: urgency, body: body) { continuation.resume(returning: $0) })
            }
            if let error { throw error }
        }

        /// Writes some time later, and says then how it went; when too many such writes wait, it says so at once.
        func writeLater(
            _ body: @escaping @Sendable (Database) throws -> Void, done: @escaping @Sendable (StoreError?) -> Void
        ) {
            let isAdmitted = state.withLock { state in
                guard state.unawaited < Self.unawaitedLimit else { return false }
                state.unawaited += 1
                return true
            }
            guard isAdmitted else {
                return done(.failed(path: path, reason: "\(Self.unawaitedLimit) results wait to be written"))
            }
            add(
                Write(urgency: .soon, body: body) { error in
                    self.state.withLock { $0.unawaited -= 1 }
                    done(error)
                })
        }

        /// Transactions so far.
        var transactions: Int { state.withLock { $0.transactions } }

        /// Lets no further write in and returns once those that wait are done.
        func close() async {
            await withCheckedContinuation { continuation in
                state.withLock { $0.phase = .closed }
                queue.async {
                    self.drain()
                    continuation.resume()
                }
            }
        }

        private func add(_ write: Write) {
            let isClosed = state.withLock { state -> Bool in
                guard state.phase != .closed else { return true }
                state.waiting.append(write)
                switch (state.phase, write.urgency) {
                case (.idle, .now), (.lingering, .now):
                    state.phase = .writing
                    queue.async { self.drain() }
                case (.idle, .soon):
                    state.phase = .lingering
                    lingerThenDrain()
                default: break
                }
                return false
            }
            if isClosed { write.done(.closed(path: path)) }
        }

        private func lingerThenDrain() {
            queue.asyncAfter(deadline: .now() + Self.linger) {
                let isDue = self.state.withLock { state in
                    guard state.phase == .lingering else { return false }
                    state.phase = .writing
                    return true
                }
                if isDue { self.drain() }
            }
        }

        /// Writes what waits. After the first transaction what came meanwhile may linger again.
        private func drain() {
            var isFirst = true
            while true {
                let batch = state.withLock { state -> [Write] in
                    let isUrgent =
                        isFirst || state.waiting.count > Self.batchLimit || state.phase == .closed
                        || state.waiting.contains { $0.urgency == .now }
                    guard !state.waiting.isEmpty, isUrgent else {
                        guard state.phase != .closed else { return [] }
                        state.phase = state.waiting.isEmpty ? .idle : .lingering
                        if state.phase == .lingering { lingerThenDrain() }
                        return []
                    }
                    let batch = Array(state.waiting.prefix(Self.batchLimit))
                    state.waiting.removeFirst(batch.count)
                    return batch
                }
                if batch.isEmpty { return }
                isFirst = false
                commit(batch)
            }
        }

        private func commit(_ batch: [Write]) {
            var errors = [StoreError?](repeating: nil, count: batch.count)
            do {
                state.withLock { $0.transactions += 1 }
                try pool.writeWithoutTransaction { database in
                    // Immediate, because a transaction that begins with a read cannot wait for another process.
                    try database.inTransaction(.immediate) {
                        for (index, write) in batch.enumerated() {
                            do {
                                try database.inSavepoint {
                                    try write.body(database)
                                    return .commit
                                }
                            } catch let error as StoreError {
                                errors[index] = error
                            }
                        }
                        return .commit
                    }
                }
            } catch {
                let error = StoreError(error, at: path)
                if batch.count > 1, case .busy = error {
                    errors = errors.map { _ in error }
                } else if batch.count > 1 {
                    // It may be one write's doing: too large a record, or the one that found the disk full.
                    for write in batch { commit([write]) }
                    return
                } else {
                    errors = [error]
                }
            }
            for (write, error) in zip(batch, errors) { write.done(error) }
        }
    }
#endif
