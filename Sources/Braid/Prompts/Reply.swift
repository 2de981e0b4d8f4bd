/// What a model wrote to a prompt, read for what the prompt asked for.
public struct Reply: Sendable, Hashable {
    /// What it wrote.
    public let text: String

    /// Reads a text.
    public init(_ text: String) {
        self.text = text
    }

    /// The answer that it states: what follows the last `Answer:` on its line, or stands in the last `\boxed{}`; nil when
    /// there is neither.
    public var stated: String? {
        for line in lines.reversed() {
            guard let marker = Self.range(of: "answer:", in: line) else { continue }
            let answer = Self.withoutEmphasis(String(line[marker...]))
            if !answer.isEmpty { return AnswerExtractor.boxed(in: answer) ?? answer }
        }
        return AnswerExtractor.boxed(in: text).map(AnswerExtractor.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The last whole number in it that lies in a range; nil when there is none.
    public func lastNumber(in range: ClosedRange<Int>) -> Int? {
        text.split { !$0.isASCII || !$0.isNumber }.reversed().lazy.compactMap { Int($0) }.first { range.contains($0) }
    }

    /// Whichever of some lower-case words stands last in it; nil when none does.
    public func lastWord(of words: [String]) -> String? {
        let found = text.lowercased().split { !$0.isLetter }
        return found.last { words.contains(String($0)) }.map(String.init)
    }

    /// Whichever of some capital letters stands alone in it first; nil when none does.
    public func firstLetter(of letters: [String]) -> String? {
        let found = text.split { !$0.isLetter && !$0.isNumber }
        return found.first { letters.contains(String($0)) }.map(String.init)
    }

    /// The points of a numbered list, each number once, in the order they were written.
    public var points: [(number: Int, text: String)] {
        var points: [(number: Int, text: String)] = []
        for line in lines {
            let digits = line.prefix { $0.isASCII && $0.isNumber }
            let rest = line.dropFirst(digits.count)
            guard let number = Int(digits), rest.first == "." else { continue }
            let text = AnswerExtractor.trimmed(String(rest.dropFirst()))
            if !text.isEmpty, !points.contains(where: { $0.number == number }) { points.append((number, text)) }
        }
        return points
    }

    /// Its lines without list marks, empty ones left out.
    public var items: [String] {
        lines.compactMap { line in
            var rest = line
            if let first = rest.first, "-*•".contains(first), rest.dropFirst().first?.isWhitespace == true {
                rest = rest.dropFirst()
            } else {
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                let mark = rest.dropFirst(digits.count)
                if !digits.isEmpty, let first = mark.first, ".)".contains(first),
                    mark.dropFirst().first?.isWhitespace == true
                {
                    rest = mark.dropFirst()
                }
            }
            let item = AnswerExtractor.trimmed(String(rest))
            return item.isEmpty ? nil : item
        }
    }

    /// Its lines without white space before them.
    private var lines: [Substring] {
        text.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
    }

    /// A text without white space and marks of emphasis at either end.
    private static func withoutEmphasis(_ text: String) -> String {
        var rest = AnswerExtractor.trimmed(text)[...]
        while let first = rest.first, "*`_ ".contains(first) { rest.removeFirst() }
        while let last = rest.last, "*`_ ".contains(last) { rest.removeLast() }
        return String(rest)
    }

    /// Where the text after the last occurrence of a lower-case marker begins.
    private static func range(of marker: String, in line: Substring) -> Substring.Index? {
        var start = line.endIndex
        while start > line.startIndex {
            start = line.index(before: start)
            var rest = line[start...]
            var matches = true
            for character in marker {
                guard let next = rest.popFirst(), next.lowercased() == String(character) else {
                    matches = false
                    break
                }
            }
            if matches { return rest.startIndex }
        }
        return nil
    }
}
