internal import Foundation

/// Cuts text into the pieces that byte-pair encoding must not merge across.
///
/// Each pattern cuts every piece that the one before it left; what a pattern does not match is a piece too.
///
/// `@unchecked Sendable`: `NSRegularExpression` is immutable, and documented as safe to use from several threads.
struct PreTokenizer: @unchecked Sendable {
    /// The pattern that `ByteLevel` uses: GPT-2's.
    static let byteLevelPattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// Patterns to cut by, before a space is put in front.
    private let patterns: [NSRegularExpression]
    /// Whether each piece that does not begin with a space gets one.
    private let addsPrefixSpace: Bool
    /// The pattern to cut by after that.
    private let lastPattern: NSRegularExpression?

    /// Compiles what `tokenizer.json` describes.
    ///
    /// - Throws: ``ModelLoadingError/unsupported(path:feature:value:supported:)`` for another kind of pre-tokenizer or
    ///   option, ``ModelLoadingError/malformedFile(path:reason:)`` for a pattern that does not compile.
    init(_ steps: [TokenizerFile.PreTokenizerStep], path: String) throws(ModelLoadingError) {
        var patterns: [NSRegularExpression] = []
        var addsPrefixSpace = false
        var lastPattern: NSRegularExpression?
        guard let last = steps.last, last.type == "ByteLevel" else {
            throw .unsupported(
                path: path, feature: "pre_tokenizer", value: steps.last?.type ?? "null",
                supported: "ByteLevel, alone or last in a Sequence")
        }
        for step in steps.dropLast() {
            patterns.append(try Self.compile(Self.pattern(of: step, path: path), path: path))
        }
        addsPrefixSpace = last.addsPrefixSpace ?? true
        if last.usesPattern ?? true { lastPattern = try Self.compile(Self.byteLevelPattern, path: path) }
        self.patterns = patterns
        self.addsPrefixSpace = addsPrefixSpace
        self.lastPattern = lastPattern
    }

    private static func pattern(
        of step: TokenizerFile.PreTokenizerStep, path: String
    ) throws(ModelLoadingError) -> String {
        switch step.type {
        case "Split":
            guard step.behavior == "Isolated", step.isInverted != true else {
                throw .unsupported(
                    path: path, feature: "pre_tokenizer Split with",
                    value: "behavior \(step.behavior ?? "(none)"), invert \(step.isInverted ?? false)",
                    supported: "behavior Isolated, invert false")
            }
            switch step.pattern {
            case .regex(let pattern): return pattern
            case .literal(let text): return NSRegularExpression.escapedPattern(for: text)
            case nil: throw .malformedFile(path: path, reason: "a pre_tokenizer of type Split has no pattern")
            }
        case "Digits":
            return step.cutsDigits == true ? #"\p{N}"# : #"\p{N}+"#
        default:
            throw .unsupported(
                path: path, feature: "pre_tokenizer", value: step.type,
                supported: "Split, Digits and, last, ByteLevel")
        }
    }

    private static func compile(_ pattern: String, path: String) throws(ModelLoadingError) -> NSRegularExpression {
        do {
            // As in Oniguruma, which tokenizers uses, ^ and $ match at line feeds.
            return try NSRegularExpression(pattern: pattern, options: [.anchorsMatchLines, .useUnixLineSeparators])
        } catch {
            throw .malformedFile(
                path: path, reason: "the pre_tokenizer pattern \(pattern.debugDescription) does not compile: \(error)")
        }
    }

    /// Calls `body` with the UTF-8 bytes of each piece, in order; put together they are `text`.
    ///
    /// - Complexity: O(length of `text`) for the patterns in use.
    func forEachPiece(of text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard addsPrefixSpace else {
            Self.cut(text, by: patterns + (lastPattern.map { [$0] } ?? []), body)
            return
        }
        Self.cut(text, by: patterns) { piece in
            let prefix = piece.first == UInt8(ascii: " ") ? "" : " "
            Self.cut(prefix + String(decoding: piece, as: UTF8.self), by: lastPattern.map { [$0] } ?? [], body)
        }
    }

    private static func cut(
        _ text: String, by patterns: [NSRegularExpression], _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var text = text
        let length = text.utf16.count
        var cuts = [0, length]  // in UTF-16 units, as Foundation counts; ascending
        for pattern in patterns {
            var finer: [Int] = [0]
            finer.reserveCapacity(cuts.count)
            for (start, end) in zip(cuts, cuts.dropFirst()) where start < end {
                // By default look-around cannot see beyond the range, so the piece stands by itself.
                let piece = NSRange(location: start, length: end - start)
                pattern.enumerateMatches(in: text, range: piece) { match, _, _ in
                    guard let range = match?.range, range.location != NSNotFound, range.length > 0 else { return }
                    for cut in [range.location, range.location + range.length] {
                        if let last = finer.last, cut > last, cut < end { finer.append(cut) }
                    }
                }
                finer.append(end)
            }
            cuts = finer
        }
        text.withUTF8 { bytes in
            var start = 0
            var position = 0
            var unit = 0
            for cut in cuts.dropFirst() {
                if bytes.count == length {
                    position = cut
                } else {
                    while unit < cut, position < bytes.count {
                        // A scalar beyond the basic plane has 4 bytes and 2 units.
                        switch bytes[position] {
                        case ..<0x80: (position, unit) = (position + 1, unit + 1)
                        case ..<0xE0: (position, unit) = (position + 2, unit + 1)
                        case ..<0xF0: (position, unit) = (position + 3, unit + 1)
                        default: (position, unit) = (position + 4, unit + 2)
                        }
                    }
                }
                position = min(position, bytes.count)
                if start < position { body(UnsafeBufferPointer(rebasing: bytes[start..<position])) }
                start = position
            }
        }
    }
}
