/// Cuts text into the pieces that byte-pair encoding must not merge across.
struct PreTokenizer: Sendable {
    /// When `Metaspace` puts a mark before text that does not begin with one.
    enum PrefixScheme: String, Sendable {
        case always, first, never
    }

    private enum Step: Sendable {
        /// Each match is a piece, and so is what lies between two.
        case split(SplitPattern)
        /// Each piece that does not begin with a space gets one.
        case spacePrefix
        /// Spaces become a mark; a piece may get one in front; pieces begin at marks.
        case metaspace(mark: [UInt8], prefix: PrefixScheme, cuts: Bool)
    }

    /// What is done, in order: each step cuts every piece that the one before it left.
    private let steps: [Step]
    /// Whether pieces are to be spelt in bytes; else in characters.
    let isByteLevel: Bool

    /// Prepares what `tokenizer.json` describes.
    ///
    /// - Throws: ``ModelLoadingError/unsupported(path:feature:value:supported:)`` for another kind of pre-tokenizer or
    ///   option, ``ModelLoadingError/malformedFile(path:reason:)`` for a pattern that does not compile.
    init(_ described: [TokenizerFile.PreTokenizerStep], path: String) throws(ModelLoadingError) {
        guard let last = described.last else {
            steps = []
            isByteLevel = false
            return
        }
        if last.type == "Metaspace", described.count == 1 {
            steps = [try Self.metaspace(last, path: path)]
            isByteLevel = false
            return
        }
        guard last.type == "ByteLevel" else {
            throw .unsupported(
                path: path, feature: "pre_tokenizer", value: last.type,
                supported: "ByteLevel, alone or last in a Sequence, and Metaspace alone")
        }
        var steps: [Step] = []
        for step in described.dropLast() { steps.append(.split(try Self.pattern(of: step, path: path))) }
        if last.addsPrefixSpace ?? true { steps.append(.spacePrefix) }
        if last.usesPattern ?? true { steps.append(.split(.gpt2)) }
        self.steps = steps
        isByteLevel = true
    }

    private static func metaspace(
        _ step: TokenizerFile.PreTokenizerStep, path: String
    ) throws(ModelLoadingError) -> Step {
        let mark = step.replacement ?? "\u{2581}"
        guard mark.unicodeScalars.count == 1 else {
            throw .malformedFile(path: path, reason: "the replacement of Metaspace is \(mark.debugDescription)")
        }
        // Older files say add_prefix_space in place of prepend_scheme.
        let name = step.prefixScheme ?? (step.addsPrefixSpace ?? true ? "always" : "never")
        guard let prefix = PrefixScheme(rawValue: name) else {
            throw .unsupported(
                path: path, feature: "prepend_scheme of Metaspace", value: name, supported: "always, first, never")
        }
        return .metaspace(mark: Array(mark.utf8), prefix: prefix, cuts: step.cuts ?? true)
    }

    private static func pattern(
        of step: TokenizerFile.PreTokenizerStep, path: String
    ) throws(ModelLoadingError) -> SplitPattern {
        switch step.type {
        case "Split":
            guard step.behavior == "Isolated", step.isInverted != true else {
                throw .unsupported(
                    path: path, feature: "pre_tokenizer Split with",
                    value: "behavior \(step.behavior ?? "(none)"), invert \(step.isInverted ?? false)",
                    supported: "behavior Isolated, invert false")
            }
            switch step.pattern {
            case .regex(let pattern): return try compile(pattern, path: path)
            case .literal(let text) where text.isEmpty:
                throw .malformedFile(path: path, reason: "a pre_tokenizer of type Split has an empty pattern")
            case .literal(let text): return .expression(RegularExpression(literal: text))
            case nil: throw .malformedFile(path: path, reason: "a pre_tokenizer of type Split has no pattern")
            }
        case "Digits":
            return try compile(step.cutsDigits == true ? #"\p{N}"# : #"\p{N}+"#, path: path)
        default:
            throw .unsupported(
                path: path, feature: "pre_tokenizer", value: step.type,
                supported: "Split, Digits and, last, ByteLevel")
        }
    }

    private static func compile(_ pattern: String, path: String) throws(ModelLoadingError) -> SplitPattern {
        do throws(RegularExpression.Failure) {
            return try SplitPattern(pattern)
        } catch {
            switch error {
            case .malformed(let reason):
                throw .malformedFile(
                    path: path, reason: "the pre_tokenizer pattern \(pattern.debugDescription) is no pattern: \(reason)"
                )
            case .unsupported(let part):
                throw .unsupported(
                    path: path, feature: "pre_tokenizer pattern \(pattern.debugDescription) with", value: part,
                    supported: "groups, (?i: ), look-ahead, look-behind of one character, classes, general categories "
                        + "and simple quantifiers")
            }
        }
    }

    /// Calls `body` with the UTF-8 bytes of each piece, in order.
    ///
    /// - Parameter isStart: Whether nothing stands before `text`.
    /// - Complexity: O(length of `text`).
    func forEachPiece(
        of text: UnsafeBufferPointer<UInt8>, isStart: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        guard !text.isEmpty else { return }
        cut(text, from: 0, isStart: isStart, body)
    }

    private func cut(
        _ text: UnsafeBufferPointer<UInt8>, from index: Int, isStart: Bool,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        guard index < steps.count else { return body(text) }
        switch steps[index] {
        case .split(let pattern):
            pattern.forEachPiece(of: text) { piece in
                cut(piece, from: index + 1, isStart: isStart && piece.baseAddress == text.baseAddress, body)
            }
        case .spacePrefix:
            guard text.first != 0x20 else { return cut(text, from: index + 1, isStart: isStart, body) }
            ([0x20] + text).withUnsafeBufferPointer { cut($0, from: index + 1, isStart: isStart, body) }
        case .metaspace(let mark, let prefix, let cuts):
            var marked: [UInt8] = []
            marked.reserveCapacity(text.count + 3)
            let isPrefixed = text.starts(with: mark) || text.first == 0x20
            if !isPrefixed, prefix == .always || prefix == .first && isStart { marked += mark }
            for byte in text {
                if byte == 0x20 { marked += mark } else { marked.append(byte) }
            }
            marked.withUnsafeBufferPointer { marked in
                guard cuts else { return cut(marked, from: index + 1, isStart: isStart, body) }
                var start = 0
                for position in 1..<max(1, marked.count)
                where marked[position] == mark[0] && marked[position...].starts(with: mark) {
                    cut(UnsafeBufferPointer(rebasing: marked[start..<position]), from: index + 1, isStart: false, body)
                    start = position
                }
                cut(UnsafeBufferPointer(rebasing: marked[start...]), from: index + 1, isStart: false, body)
            }
        }
    }
}
