/// Orders results by how much they have to do with a question, and trims them.
public enum Relevance {
    /// Share of a result's words and numbers that the question and the plan's last steps speak of, 0 to 1.
    public static func score(_ text: String, for question: String) -> Double {
        let own = words(text)
        guard !own.isEmpty else { return 0 }
        return Double(own.intersection(words(question)).count) / Double(own.count)
    }

    /// Indices of the results, those first that nothing else builds on, then by their score; equal ones keep their order.
    /// - Parameter isFinal: whether no other subtask needs the result.
    public static func order(_ texts: [String], isFinal: [Bool], for question: String) -> [Int] {
        let scores = texts.map { score($0, for: question) }
        return texts.indices.sorted { left, right in
            let (leftFinal, rightFinal) = (isFinal[left], isFinal[right])
            if leftFinal != rightFinal { return leftFinal }
            return scores[left] == scores[right] ? left < right : scores[left] > scores[right]
        }
    }

    /// A text cut to so many characters, at its end, where results stand; an ellipsis marks the cut.
    public static func trimmed(_ text: String, to characters: Int) -> String {
        text.count <= characters ? text : "…" + text.suffix(max(0, characters - 1))
    }

    private static func words(_ text: String) -> Set<String> {
        Set(text.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init))
    }
}
