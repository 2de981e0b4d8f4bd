/// Finds what a ``RegularExpression`` matches in one text: the leftmost place, and there the first alternative that works.
///
/// Patterns come with model files, so the work is bounded: after a number of steps proportional to the length of the
/// text nothing more is found. Patterns that tokenizers really use take a small part of that.
struct RegularExpressionMatcher {
    private let expression: RegularExpression
    private let text: UnsafeBufferPointer<UInt8>
    private var steps: Int
    private var choices: [Choice] = []

    /// Where to go on when what was tried fails: at `place`, at any position from `position` down to `least`.
    private struct Choice {
        var place: Int
        var position: Int
        var least: Int
    }

    init(_ expression: RegularExpression, in text: UnsafeBufferPointer<UInt8>) {
        self.expression = expression
        self.text = text
        steps = 400 * (text.count + 1000)
    }

    /// Whether the work that is allowed was done before the end of the text.
    var isExhausted: Bool { steps <= 0 }

    /// The first match at or after `start`.
    mutating func firstMatch(from start: Int) -> Range<Int>? {
        var position = start
        while position <= text.count, !isExhausted {
            if let end = end(from: position, at: 0) { return position..<end }
            guard position < text.count else { return nil }
            position += UTF8Scalar.decode(text, at: position).length
        }
        return nil
    }

    /// Where the match ends that begins at `start`, if there is one.
    private mutating func end(from start: Int, at first: Int) -> Int? {
        var place = first
        var position = start
        let bottom = choices.count
        defer { choices.removeSubrange(bottom...) }
        while steps > 0 {
            steps -= 1
            var isAlive = true
            switch expression.instructions[place] {
            case .match: return position
            case .one(let set):
                if let length = length(of: set, at: position) {
                    position += length
                    place += 1
                } else {
                    isAlive = false
                }
            case .many(let set, let least, let most):
                var count = 0
                var fewest = position
                let from = position
                while count < most, let length = length(of: set, at: position) {
                    position += length
                    count += 1
                    if count == least { fewest = position }
                }
                steps -= count
                if count < least {
                    isAlive = false
                } else {
                    if least == 0 { fewest = from }
                    place += 1
                    if position > fewest {
                        choices.append(Choice(place: place, position: previous(position), least: fewest))
                    }
                }
            case .jump(let target): place = target
            case .split(let target, let other):
                choices.append(Choice(place: other, position: position, least: position))
                place = target
            case .ahead(let isNegated, let next):
                // Look-ahead nests no deeper than groups do.
                if (end(from: position, at: place + 1) != nil) != isNegated { place = next } else { isAlive = false }
            case .behind(let set, let isNegated):
                let isMember =
                    position > 0
                    && expression.sets[set].contains(UTF8Scalar.decode(text, at: previous(position)).scalar)
                if isMember != isNegated { place += 1 } else { isAlive = false }
            case .lineStart:
                if position == 0 || text[position - 1] == 0x0A && position < text.count {
                    place += 1
                } else {
                    isAlive = false
                }
            case .lineEnd:
                if position == text.count || text[position] == 0x0A { place += 1 } else { isAlive = false }
            }
            if isAlive { continue }
            guard choices.count > bottom, var choice = choices.popLast() else { return nil }
            place = choice.place
            position = choice.position
            if choice.position > choice.least {
                choice.position = previous(choice.position)
                choices.append(choice)
            }
        }
        return nil
    }

    private func length(of set: Int, at position: Int) -> Int? {
        guard position < text.count else { return nil }
        let (scalar, length) = UTF8Scalar.decode(text, at: position)
        return expression.sets[set].contains(scalar) ? length : nil
    }

    /// Where the scalar begins that ends at `position`.
    private func previous(_ position: Int) -> Int {
        var position = position - 1
        while position > 0, text[position] & 0xC0 == 0x80 { position -= 1 }
        return max(0, position)
    }
}
