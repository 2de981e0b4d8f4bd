/// The description of a thread's subtask, written before the thread starts.
public struct Outline: Sendable, Hashable, Codable {
    /// Its number within the block, from 1; messages are numbered as they were written.
    public var number: Int
    /// What stands before its number in dialects with ``Dialect/Numbering/dotted`` numbers, such as `1.`; nil for nothing.
    public var prefix: String?
    /// Numbers of earlier outlines whose threads must have finished before this one starts.
    public var after: [Int]
    /// What follows the colon, exactly as it was written, leading space included.
    public var text: String

    /// Creates an outline.
    public init(number: Int, prefix: String? = nil, after: [Int] = [], text: String) {
        self.number = number
        self.prefix = prefix
        self.after = after
        self.text = text
    }

    /// Its number as it is written.
    public var label: String { (prefix ?? "") + String(number) }
}
