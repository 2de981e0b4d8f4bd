/// An opening and a closing control tag.
public struct TagPair: Sendable, Hashable, Codable {
    /// The opening tag, such as `<Thread>`.
    public var open: String
    /// The closing tag, such as `</Thread>`.
    public var close: String

    /// Creates a pair from both tags.
    public init(open: String, close: String) {
        self.open = open
        self.close = close
    }

    /// Creates `<name>` and `</name>`.
    public init(_ name: String) {
        self.init(open: "<\(name)>", close: "</\(name)>")
    }
}
