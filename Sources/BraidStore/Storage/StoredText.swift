#if Gateway
    internal import Foundation
    internal import GRDB

    /// Text as a column holds it.
    ///
    /// A text with a zero character is stored as its bytes, because SQLite's text ends at the first one.
    struct StoredText: DatabaseValueConvertible {
        var text: String

        init(_ text: String) { self.text = text }

        var databaseValue: DatabaseValue {
            text.utf8.contains(0) ? Data(text.utf8).databaseValue : text.databaseValue
        }

        static func fromDatabaseValue(_ value: DatabaseValue) -> StoredText? {
            switch value.storage {
            case .string(let text): StoredText(text)
            case .blob(let bytes): StoredText(String(decoding: bytes, as: UTF8.self))
            case .null, .int64, .double: nil
            }
        }
    }
#endif
