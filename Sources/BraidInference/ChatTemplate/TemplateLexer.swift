/// Cuts a template into text, outputs and statements, with the white-space rules that Transformers sets for Jinja
/// (`trim_blocks`, `lstrip_blocks`).
struct TemplateLexer {
    enum Token: Hashable {
        case name(String)
        case integer(Int)
        case number(Double)
        case text(String)
        case sign(String)
    }

    enum Segment {
        case text(String)
        case output([Token], line: Int)
        case statement([Token], line: Int)
    }

    /// Tokens in one tag.
    private static let maximumTokens = 2_000

    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1

    init(_ template: String) {
        var source: [Unicode.Scalar] = []
        source.reserveCapacity(template.utf8.count)
        for scalar in template.unicodeScalars {
            // "\r\n" and "\r" are line breaks like any other.
            if scalar == "\n", source.last == "\r" { source.removeLast() }
            if source.last == "\r" { source[source.count - 1] = "\n" }
            source.append(scalar)
        }
        if source.last == "\r" { source[source.count - 1] = "\n" }
        if source.last == "\n" { source.removeLast() }
        self.source = source
    }

    private func isNext(_ text: String, at place: Int? = nil) -> Bool {
        let start = place ?? position
        let scalars = text.unicodeScalars
        return start + scalars.count <= source.count && source[start..<start + scalars.count].elementsEqual(scalars)
    }

    /// All segments, in order.
    mutating func segments() throws(ChatTemplateError) -> [Segment] {
        var segments: [Segment] = []
        var isLineStart = true
        var counted = 0  // line breaks before this are in `line`
        while true {
            let start = position
            while position < source.count, !(source[position] == "{" && "{%#".unicodeScalars.contains(next(1))) {
                position += 1
            }
            var end = position
            guard position < source.count else {
                if start < end { segments.append(.text(text(start..<end))) }
                return segments
            }
            let kind = source[position + 1]
            position += 2
            let sign = next(0)
            if sign == "-" {
                while end > start, TemplateText.isSpace(source[end - 1]) { end -= 1 }
                position += 1
            } else if sign == "+" {
                position += 1
            } else if kind != "{" {
                var lineStart = end
                while lineStart > start, source[lineStart - 1] != "\n" { lineStart -= 1 }
                if lineStart > start || isLineStart, source[lineStart..<end].allSatisfy(TemplateText.isSpace) {
                    end = lineStart
                }
            }
            if start < end { segments.append(.text(text(start..<end))) }
            line += source[counted..<position].lazy.filter { $0 == "\n" }.count
            counted = position
            switch kind {
            case "#": try skipComment()
            case "{": segments.append(.output(try tokens(until: "}}"), line: line))
            default: segments.append(.statement(try tokens(until: "%}"), line: line))
            }
            isLineStart = skipAfterTag(isBlock: kind != "{")
        }
    }

    private func next(_ offset: Int) -> Unicode.Scalar {
        position + offset < source.count ? source[position + offset] : "\0"
    }

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: source[range])
        return String(view)
    }

    /// The sign that stood before the end of the last tag.
    private var endSign: Unicode.Scalar?

    /// Skips white space behind a tag, and returns whether a line begins there.
    private mutating func skipAfterTag(isBlock: Bool) -> Bool {
        let start = position
        if endSign == "-" {
            while position < source.count, TemplateText.isSpace(source[position]) { position += 1 }
        } else if isBlock, endSign != "+", next(0) == "\n" {
            position += 1
        }
        return position > start && source[position - 1] == "\n"
    }

    private mutating func skipComment() throws(ChatTemplateError) {
        while position < source.count, !isNext("#}") { position += 1 }
        guard position < source.count else { throw .malformed(line: line, reason: "a comment does not end") }
        endSign = source[position - 1] == "-" || source[position - 1] == "+" ? source[position - 1] : nil
        position += 2
    }

    private static let signs = ["==", "!=", "<=", ">=", "//", "**"]
    private static let single: Set<Unicode.Scalar> = Set("+-*/%~<>=()[]{},.:|".unicodeScalars)

    private mutating func tokens(until end: String) throws(ChatTemplateError) -> [Token] {
        var tokens: [Token] = []
        var brackets: [Unicode.Scalar] = []
        while true {
            while position < source.count, TemplateText.isSpace(source[position]) { position += 1 }
            guard position < source.count else { throw .malformed(line: line, reason: "a tag does not end") }
            guard tokens.count < Self.maximumTokens else {
                throw .limitExceeded(name: "words and signs in one tag", limit: Self.maximumTokens)
            }
            if brackets.isEmpty {
                if isNext(end) {
                    endSign = nil
                    position += 2
                    return tokens
                }
                if source[position] == "-" || source[position] == "+", isNext(end, at: position + 1) {
                    endSign = source[position]
                    position += 3
                    return tokens
                }
            }
            let scalar = source[position]
            if scalar == "'" || scalar == "\"" {
                tokens.append(.text(try string()))
            } else if ("0"..."9").contains(scalar) {
                tokens.append(try number())
            } else if scalar == "_" || scalar.properties.isXIDStart {
                let start = position
                while position < source.count, source[position] == "_" || source[position].properties.isXIDContinue {
                    position += 1
                }
                tokens.append(.name(text(start..<position)))
            } else if let sign = Self.signs.first(where: { isNext($0) }) {
                tokens.append(.sign(sign))
                position += 2
            } else if Self.single.contains(scalar) {
                switch scalar {
                case "(": brackets.append(")")
                case "[": brackets.append("]")
                case "{": brackets.append("}")
                case ")", "]", "}":
                    guard brackets.popLast() == scalar else {
                        throw .malformed(line: line, reason: "unexpected \(scalar)")
                    }
                default: break
                }
                tokens.append(.sign(String(Character(scalar))))
                position += 1
            } else {
                throw .malformed(line: line, reason: "unexpected \(String(Character(scalar)).debugDescription)")
            }
        }
    }

    private mutating func string() throws(ChatTemplateError) -> String {
        let quote = source[position]
        position += 1
        var text = String.UnicodeScalarView()
        while position < source.count, source[position] != quote {
            let scalar = source[position]
            position += 1
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            let escaped = next(0)
            position += 1
            switch escaped {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\", "'", "\"": text.append(escaped)
            case "\n": break
            case "x": text.append(try escape(2))
            case "u": text.append(try escape(4))
            default:
                // Python leaves an escape that it does not know as it is.
                text.append("\\")
                text.append(escaped)
            }
        }
        guard position < source.count else { throw .malformed(line: line, reason: "a string does not end") }
        position += 1
        return String(text)
    }

    private mutating func escape(_ count: Int) throws(ChatTemplateError) -> Unicode.Scalar {
        let end = min(source.count, position + count)
        guard let code = UInt32(text(position..<end), radix: 16), end == position + count,
            let scalar = Unicode.Scalar(code)
        else { throw .malformed(line: line, reason: "an escape in a string is wrong") }
        position = end
        return scalar
    }

    private mutating func number() throws(ChatTemplateError) -> Token {
        let start = position
        func skipDigits() { while ("0"..."9").contains(next(0)) || next(0) == "_" { position += 1 } }
        skipDigits()
        var isInteger = true
        if next(0) == ".", ("0"..."9").contains(next(1)) {
            isInteger = false
            position += 1
            skipDigits()
        }
        if next(0) == "e" || next(0) == "E" {
            let signed = next(1) == "-" || next(1) == "+"
            if ("0"..."9").contains(next(signed ? 2 : 1)) {
                isInteger = false
                position += signed ? 2 : 1
                skipDigits()
            }
        }
        let digits = text(start..<position).filter { $0 != "_" }
        if isInteger, let value = Int(digits) { return .integer(value) }
        guard !isInteger, let value = Double(digits) else {
            throw .malformed(line: line, reason: "the number \(digits) is too large")
        }
        return .number(value)
    }
}
