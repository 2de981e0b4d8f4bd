/// Finds results that contradict each other: the same name with two values, as in `x = 5` and `x = 7`.
public enum ConsistencyCheck {
    /// Two results that cannot both be true.
    public struct Contradiction: Sendable, Hashable {
        /// Places of the results.
        public var results: [Int]
        /// What is wrong, in words.
        public var objection: String

        /// Creates a contradiction.
        public init(results: [Int], objection: String) {
            self.results = results
            self.objection = objection
        }
    }

    /// The contradictions, in the order of the names' first values.
    public static func contradictions(in results: [String]) -> [Contradiction] {
        var names: [String] = []
        var values: [String: [(place: Int, value: Rational)]] = [:]
        for (place, result) in results.enumerated() {
            for (name, value) in assignments(in: result) {
                if values[name] == nil { names.append(name) }
                values[name, default: []].append((place, value))
            }
        }
        return names.compactMap { name in
            guard let found = values[name], let first = found.first,
                let other = found.first(where: { $0.value != first.value && $0.place != first.place })
            else { return nil }
            return Contradiction(
                results: [first.place, other.place],
                objection: "\(name) is \(first.value) in one result and \(other.value) in another")
        }
    }

    /// The last value that a text gives each of its names.
    private static func assignments(in text: String) -> [(String, Rational)] {
        var found: [(String, Rational)] = []
        for part in text.split(whereSeparator: { $0.isNewline || $0 == ";" || $0 == "," }) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            let name = sides[0].split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
            guard !name.isEmpty, name.count <= 24, name.first?.isLetter == true,
                name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
            else { continue }
            var right = AnswerExtractor.trimmed(String(sides[1]))
            if right.last == "." { right.removeLast() }
            // A value with a unit or a sentence behind it is no number to compare.
            guard let value = number(right) else { continue }
            found.removeAll { $0.0 == name }
            found.append((name, value))
        }
        return found
    }

    private static func number(_ text: String) -> Rational? {
        do {
            return try ExpressionEvaluator(text).value
        } catch {
            // Not a number: nothing to compare.
            return nil
        }
    }
}
