/// A pattern that text is cut by: each match is a piece, and so is what lies between two.
///
/// The patterns of the known families have a scanner each, which reads every character once; any other pattern takes
/// ``RegularExpression``, which is also what the scanners are tested against.
enum SplitPattern: Sendable {
    /// GPT-2's, which `ByteLevel` uses.
    case gpt2
    /// Llama 3's, and with numbers of one digit Qwen's.
    case words(maximumDigits: Int)
    /// Numbers of up to three digits are one piece, longer ones go digit by digit.
    case shortNumbers
    /// Any other.
    case expression(RegularExpression)

    static let gpt2Pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    static let llama3Pattern = wordsPattern(number: #"\p{N}{1,3}"#)
    static let qwen2Pattern = wordsPattern(number: #"\p{N}"#)
    static let shortNumbersPattern =
        #" ?(?<![0-9])[0-9]{1,3}(?![0-9])| ?[0-9]| ?\p{L}+| ?[^\s\p{L}0-9]|\s+"#

    /// The built-in model's, which has no scanner: as ``shortNumbersPattern``, and the number that begins a line goes with
    /// its colon.
    static let numberedLinesPattern = "(?<![0-9 ])[0-9]{1,2}:|" + shortNumbersPattern

    /// Mistral's newer one, which has no scanner.
    static let tekkenPattern =
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
        + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static func wordsPattern(number: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// The scanner for a pattern, or its compiled form.
    init(_ pattern: String) throws(RegularExpression.Failure) {
        switch pattern {
        case Self.gpt2Pattern: self = .gpt2
        case Self.llama3Pattern: self = .words(maximumDigits: 3)
        case Self.qwen2Pattern: self = .words(maximumDigits: 1)
        case Self.shortNumbersPattern: self = .shortNumbers
        default: self = .expression(try RegularExpression(pattern))
        }
    }

    /// Calls `body` with each piece of a text that is not empty, in order.
    ///
    /// - Complexity: O(length of the text).
    func forEachPiece(of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        if case .expression(let expression) = self { return Self.cut(text, by: expression, body) }
        let scanner = SplitScanner(text)
        var position = 0
        while position < text.count {
            let end: Int
            switch self {
            case .gpt2: end = scanner.endOfGPT2Piece(from: position)
            case .words(let digits): end = scanner.endOfWordsPiece(from: position, maximumDigits: digits)
            case .shortNumbers, .expression: end = scanner.endOfShortNumbersPiece(from: position)
            }
            body(UnsafeBufferPointer(rebasing: text[position..<end]))
            position = end
        }
    }

    private static func cut(
        _ text: UnsafeBufferPointer<UInt8>, by expression: RegularExpression,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var matcher = RegularExpressionMatcher(expression, in: text)
        var done = 0
        func finish(_ end: Int) {
            if done < end { body(UnsafeBufferPointer(rebasing: text[done..<end])) }
            done = end
        }
        var start = 0
        var lastEnd: Int?
        while start <= text.count, let match = matcher.firstMatch(from: start) {
            if match.isEmpty, match.upperBound == lastEnd {
                // An empty match right behind another counts for nothing; the search goes on one character further.
                guard match.upperBound < text.count else { break }
                start = match.upperBound + UTF8Scalar.decode(text, at: match.upperBound).length
                continue
            }
            finish(match.lowerBound)
            finish(match.upperBound)
            start = match.upperBound
            lastEnd = match.upperBound
        }
        finish(text.count)
    }
}
