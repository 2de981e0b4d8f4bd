#if Gateway
    public import Braid
    internal import Foundation
    internal import GRDB

    extension TrajectoryStore {
        private static let columns =
            "id, owner, created, status, reason, question, method, model, engine, answer, verified, metrics"

        /// Enters a run that begins.
        /// - Throws: ``StoreError/runExists(_:)``, or why nothing can be written.
        public func begin(_ run: StoredRun) async throws(StoreError) {
            let (process, created) = (process, Self.microseconds(run.created))
            try await writes.write { database in
                guard try Self.key(of: run.id, in: database) == nil else { throw StoreError.runExists(run.id) }
                try database.cachedStatement(
                    sql: """
                        INSERT INTO run (id, owner, created, status, question, method, model, engine, process)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """
                ).execute(arguments: [
                    StoredText(run.id), StoredText(run.owner), created, RunStatus.running.rawValue,
                    StoredText(run.question), StoredText(run.method), StoredText(run.model), StoredText(run.engine),
                    process,
                ])
                try database.cachedStatement(sql: "INSERT INTO run_text (rowid, question) VALUES (?, ?)")
                    .execute(arguments: [database.lastInsertedRowID, Self.searchable(run.question)])
            }
        }

        /// Enters how a run ended, with its complete record.
        ///
        /// A second call replaces what the first one entered.
        /// - Parameters:
        ///   - trajectory: its record; nil when it was lost.
        ///   - reason: why it did not finish, in words.
        /// - Throws: ``StoreError/unknownRun(_:)``, ``StoreError/unreadable(run:reason:)``, or why nothing can be written.
        public func finish(
            _ id: String, status: RunStatus, trajectory: Trajectory?, reason: String? = nil
        ) async throws(StoreError) {
            let record: String?
            let metrics: String?
            do {
                record = try trajectory.map(StoredJSON.encode)
                metrics = try trajectory.map { try StoredJSON.encode(TrajectoryMetrics($0)) }
            } catch {
                throw .unreadable(run: id, reason: "\(error)")
            }
            let (answer, verified) = (trajectory?.answer?.shown, trajectory?.verified)
            let process = status == .running ? process : nil
            try await writes.write { database in
                guard let key = try Self.key(of: id, in: database) else { throw StoreError.unknownRun(id) }
                try database.cachedStatement(
                    sql: """
                        UPDATE run SET status = ?, reason = ?, answer = ?, verified = ?, metrics = ?, process = ?
                        WHERE key = ?
                        """
                ).execute(arguments: [
                    status.rawValue, reason.map(StoredText.init), answer.map(StoredText.init), verified, metrics,
                    process, key,
                ])
                if let answer {
                    try database.cachedStatement(sql: "UPDATE run_text SET answer = ? WHERE rowid = ?")
                        .execute(arguments: [Self.searchable(answer), key])
                }
                if let record {
                    try database.cachedStatement(sql: "INSERT OR REPLACE INTO trajectory (run, record) VALUES (?, ?)")
                        .execute(arguments: [key, record])
                }
            }
        }

        /// A run with its record; nil when there is none of this id.
        /// - Throws: ``StoreError/unreadable(run:reason:)``, or why nothing can be read.
        public func run(_ id: String) async throws(StoreError) -> StoredRun? {
            try await read { database in
                guard
                    let row = try Row.fetchOne(
                        database,
                        sql: """
                            SELECT \(Self.columns), record FROM run LEFT JOIN trajectory ON trajectory.run = run.key
                            WHERE id = ?
                            """, arguments: [StoredText(id)])
                else { return nil }
                var run = try Self.run(row)
                if let record = row["record"] as String? {
                    do {
                        run.trajectory = try StoredJSON.decode(Trajectory.self, from: record)
                    } catch {
                        throw StoreError.unreadable(run: id, reason: "\(error)")
                    }
                }
                return run
            }
        }

        /// One page of the runs that match, newest first.
        /// - Throws: ``StoreError/invalidLimit(_:)``, or why nothing can be read.
        public func runs(_ query: RunQuery = RunQuery()) async throws(StoreError) -> RunPage {
            guard RunQuery.limits.contains(query.limit) else { throw .invalidLimit(query.limit) }
            return try await read { database in
                let filter = RunFilter(query)
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT \(Self.columns) FROM run \(filter.clause)
                        ORDER BY created DESC, id DESC LIMIT \(query.limit + 1)
                        """, arguments: filter.arguments)
                let runs = try rows.prefix(query.limit).map(Self.run)
                let next = rows.count > query.limit ? runs.last : nil
                return RunPage(
                    runs: runs, next: next.map { RunCursor(created: Self.microseconds($0.created), id: $0.id) })
            }
        }

        /// A run's place in the tables; nil when there is none of this id.
        static func key(of id: String, in database: Database) throws -> Int64? {
            let statement = try database.cachedStatement(sql: "SELECT key FROM run WHERE id = ?")
            return try Int64.fetchOne(statement, arguments: [StoredText(id)])
        }

        /// Microseconds since 1970; times that no clock shows are taken for the nearest that fits.
        static func microseconds(_ date: Date) -> Int64 {
            let exact = (date.timeIntervalSince1970 * 1e6).rounded()
            return Int64(exactly: exact) ?? (exact > 0 ? .max : .min)
        }

        /// What of a text can be searched: a long prompt must not hold up the writer, and a zero character would end it.
        private static func searchable(_ text: String) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.prefix(16_384).map { $0 == "\0" ? " " : $0 }))
        }

        private static func run(_ row: Row) throws -> StoredRun {
            func text(_ column: String) -> String { (row[column] as StoredText?)?.text ?? "" }
            var run = StoredRun(
                id: text("id"), owner: text("owner"),
                created: Date(timeIntervalSince1970: Double(row["created"] as Int64) / 1e6),
                question: text("question"), method: text("method"), model: text("model"), engine: text("engine"))
            guard let status = RunStatus(rawValue: text("status")) else {
                throw StoreError.unreadable(run: run.id, reason: "its status is '\(text("status"))'")
            }
            run.status = status
            run.reason = (row["reason"] as StoredText?)?.text
            run.answer = (row["answer"] as StoredText?)?.text
            run.verified = row["verified"]
            if let metrics = row["metrics"] as String? {
                do {
                    run.metrics = try StoredJSON.decode(TrajectoryMetrics.self, from: metrics)
                } catch {
                    throw StoreError.unreadable(run: run.id, reason: "\(error)")
                }
            }
            return run
        }
    }
#endif
