/// The description of a thread's subtask, written before the thread starts.
public struct Outline: Sendable, Hashable, Codable {
    /// Its number within the block, from 1.
    public var number: Int
    /// Numbers of earlier outlines whose threads must have finished before this one starts.
    public var after: [Int]
    /// What follows the colon, exactly as it was written, leading space included.
    public var text: String

    /// Creates an outline.
    public init(number: Int, after: [Int] = [], text: String) {
        self.number = number
        self.after = after
        self.text = text
    }
}
