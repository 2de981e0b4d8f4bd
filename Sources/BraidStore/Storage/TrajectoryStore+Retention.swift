#if Gateway
    public import Foundation
    internal import GRDB
    internal import Synchronization

    extension TrajectoryStore {
        /// Most rows that one transaction of pruning takes: other writes come in between.
        private static let sliceLength = 2048
        /// Most runs that one transaction of pruning takes.
        private static let runsPerSlice = 16

        /// Drops what is beyond ``retention``, oldest first, in small steps between which others write.
        ///
        /// Call it now and then; nothing else makes room. Runs that go on are never dropped, so a store of running runs
        /// may be larger than its limits.
        /// - Returns: how many runs were dropped.
        @discardableResult
        public func prune(now: Date = Date()) async throws(StoreError) -> Int {
            let age = Double(retention.age.components.seconds)
            let oldest = Self.microseconds(now.addingTimeInterval(-age))
            let retention = retention
            let dropped = Mutex(0)
            var isDone = false
            while !isDone {
                let step = Mutex(true)
                try await write { database in
                    let (runs, isLast) = try Self.dropRuns(database, retention, olderThan: oldest)
                    dropped.withLock { $0 += runs }
                    step.withLock { $0 = isLast }
                }
                isDone = step.withLock { $0 }
            }
            try await dropResults()
            try await shortenFile()
            return dropped.withLock { $0 }
        }

        /// Drops one slice.
        /// - Returns: how many runs it dropped, and whether nothing is left to drop.
        private static func dropRuns(
            _ database: Database, _ limits: RetentionLimits, olderThan oldest: Int64
        ) throws -> (runs: Int, isLast: Bool) {
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM run") ?? 0
            let isTooLarge = try bytesInUse(database) > limits.bytes
            let candidates = try Row.fetchAll(
                database,
                sql: "SELECT key, created FROM run WHERE status <> 'running' ORDER BY created, id LIMIT \(runsPerSlice)"
            )
            var rows = sliceLength
            var dropped = 0
            for (index, run) in candidates.enumerated() {
                let isOld = (run["created"] as Int64) < oldest
                // Bytes are measured anew after each: one run may have been all that was too much.
                guard isOld || count - dropped > limits.runs || isTooLarge && index == 0 else {
                    return (dropped, !isTooLarge || candidates.isEmpty)
                }
                let key: Int64 = run["key"]
                try database.execute(
                    sql: """
                        DELETE FROM event WHERE run = ?1 AND sequence IN
                        (SELECT sequence FROM event WHERE run = ?1 ORDER BY sequence LIMIT ?2)
                        """, arguments: [key, rows])
                rows -= database.changesCount
                if rows <= 0 { return (dropped, false) }
                try database.execute(sql: "DELETE FROM run WHERE key = ?", arguments: [key])
                dropped += 1
            }
            return (dropped, candidates.isEmpty)
        }

        private func dropResults() async throws(StoreError) {
            let most = retention.results
            var isDone = false
            while !isDone {
                let removed = Mutex(0)
                try await write { database in
                    let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM result") ?? 0
                    guard count > most else { return }
                    try database.execute(
                        sql: "DELETE FROM result WHERE key IN (SELECT key FROM result ORDER BY key LIMIT ?)",
                        arguments: [min(count - most, Self.sliceLength)])
                    removed.withLock { $0 = database.changesCount }
                }
                isDone = removed.withLock { $0 } < Self.sliceLength
            }
        }

        /// Gives pages that nothing uses back to the file system.
        private func shortenFile() async throws(StoreError) {
            var isDone = false
            while !isDone {
                let left = Mutex(0)
                let freed = Mutex(0)
                try await write { database in
                    let before = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
                    // It frees a page for each step of the statement, so all of them have to be taken.
                    _ = try Row.fetchAll(database, sql: "PRAGMA incremental_vacuum(\(Self.sliceLength))")
                    let after = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
                    left.withLock { $0 = after }
                    freed.withLock { $0 = before - after }
                }
                isDone = left.withLock { $0 } == 0 || freed.withLock { $0 } == 0
            }
        }

        private static func bytesInUse(_ database: Database) throws -> Int {
            func pragma(_ name: String) throws -> Int { try Int.fetchOne(database, sql: "PRAGMA \(name)") ?? 0 }
            return try (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
        }

        private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws(StoreError) {
            try await writes.write(.now, body)
        }
    }
#endif
