/// A key for an engine; its text goes into requests and nowhere else.
public struct Credential: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let key: String

    /// Keeps a key; nil when it is empty.
    public init?(_ key: String?) {
        guard let key, !key.isEmpty else { return nil }
        self.key = key
    }

    /// The value of the header `authorization`.
    var authorization: String { "Bearer \(key)" }

    /// Text with the key blacked out, for messages that others wrote.
    func redact(_ text: String) -> String {
        text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "[key]")
    }

    /// Never the key.
    public var description: String { "[key]" }
    /// Never the key.
    public var debugDescription: String { "[key]" }
    /// Never the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
