/// Hand-written matchers of the patterns that nearly every model uses, on UTF-8.
///
/// Each function returns where the piece ends that begins at a position; every character belongs to a piece.
struct SplitScanner {
    private let text: UnsafeBufferPointer<UInt8>

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    private enum Kind {
        case letter
        case number
        case lineBreak
        case otherSpace
        case other
        case none

        var isSpace: Bool { self == .lineBreak || self == .otherSpace }
    }

    @inline(__always)
    private func read(_ position: Int) -> (kind: Kind, end: Int) {
        guard position < text.count else { return (.none, position) }
        let lead = text[position]
        guard lead >= 0x80 else {
            switch lead {
            case 0x41...0x5A, 0x61...0x7A: return (.letter, position + 1)
            case 0x30...0x39: return (.number, position + 1)
            case 0x0A, 0x0D: return (.lineBreak, position + 1)
            case 0x09, 0x0B, 0x0C, 0x20: return (.otherSpace, position + 1)
            default: return (.other, position + 1)
            }
        }
        let (scalar, length) = UTF8Scalar.decode(text, at: position)
        let category = UnicodeProperties.shared.category(of: scalar)
        if category & UnicodeProperties.letters != 0 { return (.letter, position + length) }
        if category & UnicodeProperties.numbers != 0 { return (.number, position + length) }
        return (UnicodeProperties.isWhiteSpace(scalar) ? .otherSpace : .other, position + length)
    }

    private func endOfRun(of kind: Kind, from position: Int) -> Int {
        var end = position
        while true {
            let next = read(end)
            guard next.kind == kind else { return end }
            end = next.end
        }
    }

    /// `\s+(?!\S)|\s+`
    private func endOfSpace(from position: Int) -> Int {
        var last = position
        var end = position
        while true {
            let next = read(end)
            guard next.kind.isSpace else { break }
            last = end
            end = next.end
        }
        return end < text.count && last > position ? last : end
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`, or nil.
    private func endOfContraction(from position: Int, ignoresCase: Bool) -> Int? {
        guard text[position] == UInt8(ascii: "'"), position + 1 < text.count else { return nil }
        func letter(_ index: Int) -> UInt8 {
            guard index < text.count else { return 0 }
            let byte = text[index]
            return ignoresCase && (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
        }
        switch letter(position + 1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return position + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(position + 2) == UInt8(ascii: "e") ? position + 3 : nil
        case UInt8(ascii: "l"): return letter(position + 2) == UInt8(ascii: "l") ? position + 3 : nil
        // U+017F is an s without regard to case.
        case 0xC5: return ignoresCase && letter(position + 2) == 0xBF ? position + 3 : nil
        default: return nil
        }
    }

    /// ``SplitPattern/gpt2Pattern``
    func endOfGPT2Piece(from position: Int) -> Int {
        if let end = endOfContraction(from: position, ignoresCase: false) { return end }
        let first = read(position)
        let start = text[position] == 0x20 ? position + 1 : position
        let kind = start == position ? first.kind : read(start).kind
        switch kind {
        case .letter, .number, .other: return endOfRun(of: kind, from: start)
        case .lineBreak, .otherSpace, .none: return endOfSpace(from: position)
        }
    }

    /// ``SplitPattern/llama3Pattern``, with numbers of at most so many digits.
    func endOfWordsPiece(from position: Int, maximumDigits: Int) -> Int {
        if let end = endOfContraction(from: position, ignoresCase: true) { return end }
        let first = read(position)
        switch first.kind {
        case .letter: return endOfRun(of: .letter, from: first.end)
        case .number:
            var end = first.end
            for _ in 1..<max(2, maximumDigits) where maximumDigits > 1 {
                let next = read(end)
                guard next.kind == .number else { break }
                end = next.end
            }
            return end
        case .otherSpace, .other:
            if read(first.end).kind == .letter { return endOfRun(of: .letter, from: first.end) }
        case .lineBreak, .none: break
        }
        let start = text[position] == 0x20 ? position + 1 : position
        if read(start).kind == .other {
            return endOfRun(of: .lineBreak, from: endOfRun(of: .other, from: start))
        }
        var end = position
        var lastLineBreak: Int?
        while true {
            let next = read(end)
            guard next.kind.isSpace else { break }
            if next.kind == .lineBreak { lastLineBreak = next.end }
            end = next.end
        }
        return lastLineBreak ?? endOfSpace(from: position)
    }

    /// ``SplitPattern/shortNumbersPattern``
    func endOfShortNumbersPiece(from position: Int) -> Int {
        func isDigit(_ index: Int) -> Bool { index >= 0 && index < text.count && (0x30...0x39).contains(text[index]) }
        let start = text[position] == 0x20 ? position + 1 : position
        if isDigit(start) {
            guard start > position || !isDigit(position - 1) else { return start + 1 }
            for count in 1...3 where !isDigit(start + count) { return start + count }
            return start + 1
        }
        let next = read(start)
        switch next.kind {
        case .letter: return endOfRun(of: .letter, from: start)
        case .number, .other: return next.end
        case .lineBreak, .otherSpace, .none:
            var end = position
            while true {
                let next = read(end)
                guard next.kind.isSpace else { return end }
                end = next.end
            }
        }
    }
}
