#if Gateway
    internal import GRDB

    /// A query as a condition on the table of runs; what the user wrote is only ever an argument.
    struct RunFilter {
        /// The condition, `WHERE` included; empty when there is none.
        var clause: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }
        /// What stands for its question marks.
        private(set) var arguments = StatementArguments()
        private var conditions: [String] = []

        /// Fewest characters of a word that the index of three-character sequences can find.
        private static let indexedLength = 3

        init(_ query: RunQuery) {
            if let owner = query.owner { add("owner = ?", StoredText(owner)) }
            if let method = query.method { add("method = ?", StoredText(method)) }
            if let model = query.model { add("model = ?", StoredText(model)) }
            if let status = query.status { add("status = ?", status.rawValue) }
            addWords(of: query.text)
            if let cursor = query.before {
                conditions.append("(created, id) < (?, ?)")
                arguments += [cursor.created, StoredText(cursor.id)]
            }
        }

        private mutating func add(_ condition: String, _ argument: any DatabaseValueConvertible) {
            conditions.append(condition)
            arguments += [argument]
        }

        private mutating func addWords(of text: String) {
            // A zero character would end the text of a pattern.
            let words = text.replacing("\0", with: " ").split(whereSeparator: \.isWhitespace).map(String.init)
            let indexed = words.filter { $0.unicodeScalars.count >= Self.indexedLength }
            if !indexed.isEmpty {
                let phrases = indexed.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
                add("key IN (SELECT rowid FROM run_text WHERE run_text MATCH ?)", phrases.joined(separator: " AND "))
            }
            for word in words where word.unicodeScalars.count < Self.indexedLength {
                let pattern = "%" + word.replacing(#/[\\%_]/#) { "\\" + $0.output } + "%"
                conditions.append(
                    """
                    key IN (SELECT rowid FROM run_text WHERE question LIKE ? ESCAPE '\\' OR answer LIKE ? ESCAPE '\\')
                    """)
                arguments += [pattern, pattern]
            }
        }
    }
#endif
