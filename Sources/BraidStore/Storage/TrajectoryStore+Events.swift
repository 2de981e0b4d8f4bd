#if Gateway
    internal import GRDB

    extension TrajectoryStore {
        /// Adds events to a run, in one piece, and returns once they are on disk.
        ///
        /// Calls that come within 50 milliseconds share one write: give what has come together in one call, and the next
        /// when this one returns. Events that are there already, by their sequence, stay as they are.
        /// - Throws: ``StoreError/unknownRun(_:)``, or why nothing can be written.
        public func append(_ events: [StoredEvent], to id: String) async throws(StoreError) {
            if events.isEmpty { return }
            try await writes.write(.soon) { database in
                guard let key = try Self.key(of: id, in: database) else { throw StoreError.unknownRun(id) }
                let statement = try database.cachedStatement(
                    sql: "INSERT INTO event (run, sequence, type, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
                for event in events {
                    try statement.execute(arguments: [
                        key, event.sequence, StoredText(event.type), StoredText(event.data),
                    ])
                }
            }
        }

        /// Events of a run, in order; none when there is no such run.
        /// - Parameters:
        ///   - sequence: the last one that the reader has; nil for none.
        ///   - limit: most events.
        public func events(
            of id: String, after sequence: Int? = nil, limit: Int = 1000
        ) async throws(StoreError) -> [StoredEvent] {
            try await read { database in
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT sequence, type, data FROM event
                        WHERE run = (SELECT key FROM run WHERE id = ?) AND sequence > ? ORDER BY sequence LIMIT ?
                        """, arguments: [StoredText(id), sequence ?? .min, max(0, limit)])
                return rows.map { row in
                    StoredEvent(
                        sequence: row[0], type: (row[1] as StoredText).text, data: (row[2] as StoredText).text)
                }
            }
        }
    }
#endif
