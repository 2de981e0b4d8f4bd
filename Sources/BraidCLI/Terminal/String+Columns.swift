extension Unicode.Scalar {
    /// Terminal columns it takes: 0 for marks, 2 for wide East Asian characters and emoji (Unicode Standard Annex 11).
    ///
    /// Rounded up where terminals differ, so that a line never takes more columns than were counted.
    var columns: Int {
        if value < 0x300 { return 1 }
        // Asks for the emoji form of the character before it, which is then wide.
        if value == 0xFE0F { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF,
            0x1F000...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return properties.isEmojiPresentation ? 2 : 1
        }
    }
}

extension Character {
    /// Terminal columns it takes.
    var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }
}

extension StringProtocol {
    /// Terminal columns it takes.
    var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

    /// Its beginning, ended by `…` when it is cut to fit.
    func head(columns limit: Int) -> String {
        if columns <= limit { return String(self) }
        if limit < 1 { return "" }
        var left = limit - 1
        let kept = prefix { character in
            left -= character.columns
            return left >= 0
        }
        return kept + "…"
    }

    /// Its end, begun with `…` when it is cut to fit.
    func tail(columns limit: Int) -> String {
        if columns <= limit { return String(self) }
        if limit < 1 { return "" }
        var left = limit - 1
        var start = endIndex
        while start > startIndex {
            let before = index(before: start)
            left -= self[before].columns
            if left < 0 { break }
            start = before
        }
        return "…" + self[start...]
    }

    /// Itself with spaces after it, up to this many columns.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - columns))
    }

    /// Itself with spaces before it, up to this many columns.
    func paddedLeft(to width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - columns)) + self
    }
}
