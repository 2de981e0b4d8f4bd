import Braid

/// Reads linear equations in one unknown each, and the expression asked for, out of a sentence.
enum EquationReader {
    /// The value of the one expression that the sentence asks for; nil when it is not plainly such a question.
    static func value(askedIn sentence: String) -> Int? {
        let runs = runs(in: sentence)
        var solutions: [Character: Int] = [:]
        for run in runs where run.contains("=") {
            guard let (name, value) = solution(of: run) else { return nil }
            if let before = solutions[name], before != value { return nil }
            solutions[name] = value
        }
        guard !solutions.isEmpty else { return nil }
        let asked = Set(
            runs.filter { run in
                !run.contains("=") && run.contains { "+-*/".contains($0) } && run.contains(where: \.isLetter)
            })
        guard let expression = asked.first, asked.count == 1 else { return nil }
        return value(of: expression) { solutions[$0] }
    }

    /// The value of the one expression of numbers alone that the sentence writes out, such as `12 + 30 + 5`; else nil.
    static func value(writtenOutIn sentence: String) -> Int? {
        let written = runs(in: sentence).map { $0.hasSuffix("=") ? String($0.dropLast()) : $0 }.filter { run in
            !run.contains("=") && !run.contains(where: \.isLetter) && run.contains { "+-*/".contains($0) }
        }
        guard written.count == 1 else { return nil }
        return value(of: written[0]) { _ in nil }
    }

    /// Stretches of numbers, single letters and signs, without white space; words and punctuation end a stretch.
    private static func runs(in sentence: String) -> [String] {
        var runs: [String] = []
        var run = ""
        var word = ""
        func end() {
            if !run.isEmpty { runs.append(run) }
            run = ""
        }
        func endWord() {
            if word.count == 1 { run += word } else if !word.isEmpty { end() }
            word = ""
        }
        for character in sentence {
            if character.isASCII, character.isLetter {
                word.append(character)
                continue
            }
            endWord()
            if "0123456789+-*/=()".contains(character) {
                run.append(character)
            } else if character == "×" {
                run.append("*")
            } else if character != " " {
                end()
            }
        }
        endWord()
        end()
        return runs
    }

    /// Solves an equation by evaluating both sides at 0, 1 and 2: left − right is linear and its zero is the solution.
    private static func solution(of equation: String) -> (Character, Int)? {
        let sides = equation.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        let names = Set(equation.filter(\.isLetter))
        guard sides.count == 2, let name = names.first, names.count == 1 else { return nil }
        var differences: [Int] = []
        for point in 0...2 {
            guard let left = value(of: sides[0], with: { _ in point }),
                let right = value(of: sides[1], with: { _ in point })
            else { return nil }
            differences.append(left - right)
        }
        let slope = differences[1] - differences[0]
        guard slope != 0, differences[2] - differences[1] == slope, differences[0] % slope == 0 else { return nil }
        return (name, -differences[0] / slope)
    }

    /// The whole number that an expression equals when letters stand for numbers; `3x` and `3(x + 1)` multiply.
    private static func value(of expression: String, with number: (Character) -> Int?) -> Int? {
        var text = ""
        for character in expression {
            let follows = text.last.map { $0.isNumber || $0 == ")" } ?? false
            if character.isLetter {
                guard let value = number(character) else { return nil }
                text += follows ? "*(\(value))" : "(\(value))"
            } else {
                if follows, character == "(" || (text.last == ")" && character.isNumber) { text += "*" }
                text.append(character)
            }
        }
        guard text.count <= 1000, let value = CountdownCheck.value(of: text), abs(value) < 1 << 40 else { return nil }
        return value
    }
}
