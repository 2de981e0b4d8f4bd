/// Chooses the answer that most samples gave.
public struct Vote: Sendable, Hashable {
    /// The winner as its first sample wrote it; nil when nobody voted.
    public let winner: String?
    /// Votes for the winner.
    public let votes: Int
    /// Samples that gave an answer.
    public let voters: Int

    /// Counts answers that are equal after ``normalised(_:)``; of equally frequent ones the earlier wins.
    public init(_ answers: [String]) {
        var counts: [String: (count: Int, first: Int)] = [:]
        for (index, answer) in answers.enumerated() {
            counts[Self.normalised(answer), default: (0, index)].count += 1
        }
        let best = counts.values.max { left, right in
            (left.count, right.first) < (right.count, left.first)
        }
        winner = best.map { answers[$0.first] }
        votes = best?.count ?? 0
        voters = answers.count
    }

    /// The answer without white space, thousands separators, `$` and a final period, in lower case.
    public static func normalised(_ answer: String) -> String {
        var text = answer.lowercased().filter { !$0.isWhitespace && $0 != "$" }
        if text.last == "." { text.removeLast() }
        return withoutThousandsSeparators(text)
    }

    /// Drops commas from a number such as `1,234,567`, and leaves everything else alone.
    private static func withoutThousandsSeparators(_ text: String) -> String {
        let groups = text.split(separator: ",", omittingEmptySubsequences: false)
        guard groups.count > 1, let first = groups.first, let last = groups.last else { return text }
        let head = first.drop { $0 == "-" || $0 == "+" }
        let tail = last.prefix { $0 != "." }
        let middle = groups.dropFirst().dropLast() + [tail]
        let isNumber =
            (1...3).contains(head.count) && head.allSatisfy(\.isNumber)
            && middle.allSatisfy { $0.count == 3 && $0.allSatisfy(\.isNumber) }
        return isNumber ? groups.joined() : text
    }
}
