#if Gateway
    internal import Dispatch
    public import Foundation
    internal import GRDB
    internal import Synchronization

    /// Runs with their records and events, and results of subproblems, in one SQLite file.
    ///
    /// Whatever a call has returned from is on disk: it outlives the end of this process and of the machine. Several
    /// processes may use one file at a time. No call holds a thread of Swift's pool while it waits for the disk.
    public final class TrajectoryStore: Sendable {
        /// The file.
        public let url: URL
        /// How much is kept.
        public let retention: RetentionLimits

        let path: String
        let process: String
        let writes: WriteQueue
        private let pool: DatabasePool
        /// What shows that this process lives; nil once the store is closed, and for one that is only read.
        private let lock: Mutex<LockFile?>

        private init(_ url: URL, _ retention: RetentionLimits, _ pool: DatabasePool, process: String, lock: LockFile?) {
            self.url = url
            self.retention = retention
            self.path = url.path
            self.pool = pool
            self.process = process
            self.lock = Mutex(lock)
            writes = WriteQueue(pool, path: url.path)
        }

        /// Opens a store, or begins a new one.
        ///
        /// Runs that a process left when it was killed become ``RunStatus/failed``; those of a living process stay as
        /// they are.
        public static func open(
            at url: URL, retention: RetentionLimits = .standard
        ) async throws(StoreError) -> TrajectoryStore {
            try await offPool { () throws(StoreError) in try openNow(url, retention, pageLimit: nil) }
        }

        /// Opens a store for reading only; whoever writes to it meanwhile is not disturbed.
        public static func openForReading(at url: URL) async throws(StoreError) -> TrajectoryStore {
            try await offPool { () throws(StoreError) in try openReadingNow(url) }
        }

        /// Writes what waits and lets go of the file; every later call throws ``StoreError/closed(path:)``.
        public func close() async throws(StoreError) {
            await writes.close()
            let (pool, path) = (pool, path)
            try await Self.offPool { () throws(StoreError) in
                do {
                    try pool.close()
                } catch {
                    throw StoreError(error, at: path)
                }
            }
            lock.withLock { lock in
                guard lock != nil else { return }
                LivingProcesses(store: path).leave(process)
                lock = nil
            }
        }

        /// - Parameter pageLimit: most pages of the file, in place of a full disk; nil for no limit.
        static func openNow(
            _ url: URL, _ retention: RetentionLimits, pageLimit: Int?
        ) throws(StoreError) -> TrajectoryStore {
            let path = url.path
            try StoreFolder.make(url.deletingLastPathComponent())
            // One process at a time: neither the change to a write-ahead log nor that to a new version of the tables
            // waits for another that is doing the same.
            let opening = try LockFile.wait(for: path + "-opening")
            defer { withExtendedLifetime(opening) {} }
            try StoreFolder.makeFile(path)
            let pool: DatabasePool
            do {
                pool = try DatabasePool(path: path, configuration: configuration())
                try prepare(pool, path: path, pageLimit: pageLimit)
            } catch {
                throw StoreError(error, at: path)
            }
            let processes = LivingProcesses(store: path)
            let (name, lock) = try processes.enter()
            let store = TrajectoryStore(url, retention, pool, process: name, lock: lock)
            let living = try processes.names()
            do {
                try pool.write { try Self.failAbandonedRuns($0, living: living) }
            } catch {
                throw StoreError(error, at: path)
            }
            return store
        }

        private static func prepare(_ pool: DatabasePool, path: String, pageLimit: Int?) throws {
            if try pool.read(StoreSchema.migrator.hasBeenSuperseded) { throw StoreError.newerVersion(path: path) }
            if try pool.read({ try Self.isOther($0) }) {
                throw StoreError.notAStore(path: path, reason: "it has tables of another program")
            }
            try StoreSchema.migrator.migrate(pool)
            try pool.writeWithoutTransaction { database in
                // What has been acknowledged outlives a loss of power, too; the pool sets NORMAL, which does not.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
                if let pageLimit { try database.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
            }
        }

        private static func openReadingNow(_ url: URL) throws(StoreError) -> TrajectoryStore {
            let path = url.path
            guard FileManager.default.fileExists(atPath: path) else {
                throw .cannotOpen(path: path, reason: "there is no such file")
            }
            do {
                var configuration = Self.configuration()
                configuration.readonly = true
                let pool = try DatabasePool(path: path, configuration: configuration)
                if try pool.read(StoreSchema.migrator.hasBeenSuperseded) { throw StoreError.newerVersion(path: path) }
                if try pool.read({ try Self.isOther($0) }) {
                    throw StoreError.notAStore(path: path, reason: "it has tables of another program")
                }
                if try !pool.read(StoreSchema.migrator.hasCompletedMigrations) {
                    throw StoreError.olderVersion(path: path)
                }
                return TrajectoryStore(url, .standard, pool, process: "", lock: nil)
            } catch {
                throw StoreError(error, at: path)
            }
        }

        /// Whether a file that is not empty has never been a store.
        private static func isOther(_ database: Database) throws -> Bool {
            let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            return try tables > 0 && !database.tableExists("grdb_migrations")
        }

        private static func configuration() -> Configuration {
            var configuration = Configuration()
            configuration.label = "braid.store"
            configuration.busyMode = .timeout(TimeInterval(StoreError.patienceInSeconds))
            configuration.prepareDatabase { database in
                // It has to be chosen before anything else is written; then pruning can make the file shorter.
                if !database.configuration.readonly {
                    try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                }
            }
            return configuration
        }

        private static func failAbandonedRuns(_ database: Database, living: [String]) throws {
            let places = living.map { _ in "?" }.joined(separator: ", ")
            try database.execute(
                sql: """
                    UPDATE run SET status = 'failed', reason = 'the process that ran it ended', process = NULL
                    WHERE status = 'running' AND (process IS NULL OR process NOT IN (\(places)))
                    """, arguments: StatementArguments(living))
        }

        /// Reads from a snapshot that no later write changes.
        func read<Value: Sendable>(
            _ body: @escaping @Sendable (Database) throws -> Value
        ) async throws(StoreError) -> Value {
            let path = path
            let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
                pool.asyncRead { access in
                    continuation.resume(
                        returning: Result { try body(access.get()) }.mapError { StoreError($0, at: path) })
                }
            }
            return try result.get()
        }

        /// Does on a thread of its own what blocks one.
        private static func offPool<Value: Sendable>(
            _ body: @escaping @Sendable () throws(StoreError) -> Value
        ) async throws(StoreError) -> Value {
            let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
                DispatchQueue.global(qos: .userInitiated).async {
                    continuation.resume(returning: Result(catching: body))
                }
            }
            return try result.get()
        }
    }
#endif
