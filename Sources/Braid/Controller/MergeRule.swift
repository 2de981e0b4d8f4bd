/// Threads that would do the same work become one.
public struct MergeRule: Sendable, Hashable, Codable {
    /// Creates the rule.
    public init() {}

    /// For each subtask the earlier one that it repeats, if it does: the same words, after the same others.
    public func repeated(in outlines: [Outline]) -> [Int?] {
        var first: [Subtask: Int] = [:]
        return outlines.enumerated().map { index, outline in
            let subtask = Subtask(
                text: SubproblemKey.normalised(outline.text), after: Set(outline.after))
            if let earlier = first[subtask] { return earlier }
            first[subtask] = index
            return nil
        }
    }

    private struct Subtask: Hashable {
        var text: String
        var after: Set<Int>
    }
}
