/// What a thread replied to its subtask.
public struct SubtaskReply: Sendable, Hashable {
    /// Its result: what follows the last `Result:` or `Answer:`, or else the whole reply without marked lines.
    public let result: String
    /// The number of the subtask whose result it asks for, if it does nothing else.
    public let needs: Int?

    private static let resultMarkers = ["result:", "answer:"]
    private static let needMarker = "need "

    /// Reads a reply.
    public init(_ reply: String) {
        let lines = reply.split(whereSeparator: \.isNewline).map { AnswerExtractor.trimmed(String($0)) }
            .filter { !$0.isEmpty }
        let marked = lines.last.map { $0.lowercased().hasPrefix(Self.needMarker) } ?? false
        let number = lines.last.flatMap { line in
            line.split { !$0.isNumber }.first.flatMap { Int($0) }
        }
        needs = marked ? number : nil
        let kept = lines.filter { !$0.hasPrefix(SpawnRule.marker) }
        if let place = kept.lastIndex(where: { Self.marker(of: $0) != nil }), let marker = Self.marker(of: kept[place])
        {
            let first = AnswerExtractor.trimmed(String(kept[place].dropFirst(marker.count)))
            let rest = kept[(place + 1)...].joined(separator: "\n")
            result = AnswerExtractor.trimmed(first.isEmpty ? rest : first)
        } else {
            result = kept.joined(separator: "\n")
        }
    }

    private static func marker(of line: String) -> String? {
        let line = line.lowercased()
        return resultMarkers.first { line.hasPrefix($0) }
    }
}
