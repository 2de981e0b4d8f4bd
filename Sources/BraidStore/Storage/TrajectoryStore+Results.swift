#if Gateway
    public import Braid
    internal import GRDB

    extension TrajectoryStore {
        /// Keeps a subproblem's result; a later one for the same subproblem replaces it.
        public func keep(_ result: SubproblemResult, for key: SubproblemKey) async throws(StoreError) {
            let insertion = try ResultInsertion(result, key)
            try await writes.write { try insertion.perform($0) }
        }

        /// A subproblem's result, if it is known; never another tenant's.
        public func result(for key: SubproblemKey) async throws(StoreError) -> SubproblemResult? {
            let subproblem = try ResultInsertion.text(of: key)
            return try await read { database in
                try Row.fetchOne(
                    database,
                    sql: """
                        SELECT text, question, thread, tokens, verified FROM result WHERE tenant = ? AND subproblem = ?
                        """, arguments: [StoredText(key.tenant), subproblem]
                ).map(Self.result)
            }
        }

        /// A cache that begins with the newest results that are kept, and whose new ones are kept here.
        ///
        /// They are written behind the runs' backs: a result that could not be written is lost with this process.
        /// - Parameters:
        ///   - capacity: most results that the cache holds in memory.
        ///   - failed: told once for each result that could not be written.
        public func subproblemCache(
            capacity: Int = 4096, failed: @escaping @Sendable (StoreError) -> Void
        ) async throws(StoreError) -> SubproblemCache {
            let capacity = max(1, capacity)
            let known = try await read { database in
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT subproblem, text, question, thread, tokens, verified FROM result
                        ORDER BY key DESC LIMIT ?
                        """, arguments: [capacity])
                return try rows.reversed().map { row in
                    (try StoredJSON.decode(SubproblemKey.self, from: row["subproblem"]), Self.result(row))
                }
            }
            return SubproblemCache(capacity: capacity, known: known) { [writes] result, key in
                do throws(StoreError) {
                    let insertion = try ResultInsertion(result, key)
                    writes.writeLater({ try insertion.perform($0) }, done: { $0.map(failed) })
                } catch {
                    failed(error)
                }
            }
        }

        private static func result(_ row: Row) -> SubproblemResult {
            SubproblemResult(
                text: (row["text"] as StoredText).text, question: (row["question"] as StoredText).text,
                thread: (row["thread"] as StoredText).text, tokens: row["tokens"], isVerified: row["verified"])
        }
    }

    /// A result on its way into the table.
    private struct ResultInsertion: Sendable {
        let result: SubproblemResult
        let tenant: String
        let subproblem: String

        init(_ result: SubproblemResult, _ key: SubproblemKey) throws(StoreError) {
            self.result = result
            tenant = key.tenant
            subproblem = try Self.text(of: key)
        }

        /// A key as text; equal keys have equal texts.
        static func text(of key: SubproblemKey) throws(StoreError) -> String {
            do {
                return try StoredJSON.encode(key)
            } catch {
                throw .unreadable(run: key.subtask, reason: "\(error)")
            }
        }

        func perform(_ database: Database) throws {
            try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO result (tenant, subproblem, text, question, thread, tokens, verified)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                StoredText(tenant), subproblem, StoredText(result.text), StoredText(result.question),
                StoredText(result.thread), result.tokens, result.isVerified,
            ])
        }
    }
#endif
