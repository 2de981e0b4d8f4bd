/// A string of a template that remembers of each character whether it came from the template or from its user.
///
/// Whatever is made of user text by cutting, joining, replacing or changing case stays user text, character by
/// character; only what stands in the template itself, or was declared as its own, can become a control token.
struct TemplateText: Sendable {
    /// The characters, counted as Jinja counts them.
    private(set) var scalars: [Unicode.Scalar]
    /// For each character whether it came from the user; nil if all are of one kind.
    private var marks: [Bool]?
    /// The kind of all characters, if they are of one.
    private var isUser: Bool

    init(_ text: some StringProtocol, isUser: Bool = false) {
        scalars = Array(text.unicodeScalars)
        self.isUser = isUser
    }

    init() {
        self.init("")
    }

    var count: Int { scalars.count }
    var isEmpty: Bool { scalars.isEmpty }

    var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Whether a character came from the user.
    func isUser(at index: Int) -> Bool { marks?[index] ?? isUser }

    /// The same characters, all of them the user's.
    var asUserText: TemplateText {
        var text = self
        text.marks = nil
        text.isUser = true
        return text
    }

    /// Some of the characters, in this order; indices must be in range.
    func selecting(_ indices: some Sequence<Int>) -> TemplateText {
        var text = TemplateText()
        for index in indices { text.append(scalars[index], isUser: isUser(at: index)) }
        return text
    }

    subscript(range: Range<Int>) -> TemplateText {
        var part = TemplateText()
        part.scalars = Array(scalars[range])
        part.isUser = isUser
        if let marks { part.marks = Array(marks[range]) }
        return part
    }

    private mutating func spreadMarks() {
        if marks == nil { marks = [Bool](repeating: isUser, count: scalars.count) }
    }

    mutating func append(_ scalar: Unicode.Scalar, isUser: Bool) {
        if scalars.isEmpty {
            self.isUser = isUser
            marks = nil
        }
        if marks != nil || isUser != self.isUser {
            spreadMarks()
            marks?.append(isUser)
        }
        scalars.append(scalar)
    }

    mutating func append(_ other: TemplateText) {
        if other.isEmpty { return }
        if isEmpty {
            self = other
            return
        }
        if marks != nil || other.marks != nil || isUser != other.isUser {
            spreadMarks()
            if let otherMarks = other.marks {
                marks?.append(contentsOf: otherMarks)
            } else {
                marks?.append(contentsOf: repeatElement(other.isUser, count: other.count))
            }
        }
        scalars.append(contentsOf: other.scalars)
    }

    static func + (left: TemplateText, right: TemplateText) -> TemplateText {
        var text = left
        text.append(right)
        return text
    }

    /// Each character replaced by others of the same kind.
    func mapping(_ transform: (Int, Unicode.Scalar) -> String) -> TemplateText {
        var text = TemplateText()
        for (index, scalar) in scalars.enumerated() {
            for new in transform(index, scalar).unicodeScalars { text.append(new, isUser: isUser(at: index)) }
        }
        return text
    }

    /// The stretches of one kind, in order.
    var runs: [(text: String, isUser: Bool)] {
        guard !isEmpty else { return [] }
        guard let marks else { return [(string, isUser)] }
        var runs: [(text: String, isUser: Bool)] = []
        var start = 0
        for index in 1...count where index == count || marks[index] != marks[start] {
            runs.append((self[start..<index].string, marks[start]))
            start = index
        }
        return runs
    }

    // MARK: What Python's strings can do

    /// Python's `str.isspace` for one character.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        UnicodeProperties.isWhiteSpace(scalar.value) || (0x1C...0x1F).contains(scalar.value)
    }

    /// Without the characters at the ends that are in `characters`, or are white space.
    func stripped(of characters: TemplateText?, left: Bool, right: Bool) -> TemplateText {
        let set = characters.map { Set($0.scalars) }
        func isStripped(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? Self.isSpace(scalar) }
        var start = 0
        var end = count
        if left { while start < end, isStripped(scalars[start]) { start += 1 } }
        if right { while end > start, isStripped(scalars[end - 1]) { end -= 1 } }
        return self[start..<end]
    }

    func hasPrefix(_ other: TemplateText) -> Bool { scalars.starts(with: other.scalars) }
    func hasSuffix(_ other: TemplateText) -> Bool {
        count >= other.count && scalars[(count - other.count)...].elementsEqual(other.scalars)
    }

    /// Where `other`, which is not empty, stands, without overlap; at most so many places.
    ///
    /// Knuth, Morris, Pratt, "Fast Pattern Matching in Strings", SIAM J. Comput. 6(2), 1977.
    ///
    /// - Complexity: O(length of both).
    func places(of other: TemplateText, atMost limit: Int = .max) -> [Int] {
        let pattern = other.scalars
        guard !pattern.isEmpty, pattern.count <= count, limit > 0 else { return [] }
        var borders = [Int](repeating: 0, count: pattern.count)
        var matched = 0
        for index in pattern.indices.dropFirst() {
            while matched > 0, pattern[index] != pattern[matched] { matched = borders[matched - 1] }
            if pattern[index] == pattern[matched] { matched += 1 }
            borders[index] = matched
        }
        var places: [Int] = []
        matched = 0
        for (index, scalar) in scalars.enumerated() {
            while matched > 0, scalar != pattern[matched] { matched = borders[matched - 1] }
            if scalar == pattern[matched] { matched += 1 }
            guard matched == pattern.count else { continue }
            places.append(index + 1 - pattern.count)
            matched = 0
            if places.count == limit { break }
        }
        return places
    }

    func contains(_ other: TemplateText) -> Bool { other.isEmpty || !places(of: other, atMost: 1).isEmpty }

    /// The parts between places where `separator`, which is not empty, stands.
    func split(by separator: TemplateText, atMost limit: Int = .max, fromEnd: Bool = false) -> [TemplateText] {
        var places = places(of: separator, atMost: fromEnd ? .max : limit)
        if fromEnd { places = Array(places.suffix(limit)) }
        var parts: [TemplateText] = []
        var start = 0
        for place in places {
            parts.append(self[start..<place])
            start = place + separator.count
        }
        return parts + [self[start..<count]]
    }

    /// The words between white space.
    func words(atMost limit: Int = .max) -> [TemplateText] {
        var words: [TemplateText] = []
        var position = 0
        while true {
            while position < count, Self.isSpace(scalars[position]) { position += 1 }
            guard position < count else { return words }
            if words.count == limit {
                return words + [self[position..<count].stripped(of: nil, left: false, right: true)]
            }
            let start = position
            while position < count, !Self.isSpace(scalars[position]) { position += 1 }
            words.append(self[start..<position])
        }
    }

    func replacing(_ old: TemplateText, with new: TemplateText, atMost limit: Int = .max) -> TemplateText {
        var text = TemplateText()
        guard !old.isEmpty else {
            // Python puts the new text around every character.
            for index in 0...count where index < limit || index < count {
                if index < limit { text.append(new) }
                if index < count { text.append(self[index..<index + 1]) }
            }
            return text
        }
        for (index, part) in split(by: old, atMost: limit).enumerated() {
            if index > 0 { text.append(new) }
            text.append(part)
        }
        return text
    }

    var uppercased: TemplateText { mapping { _, scalar in scalar.properties.uppercaseMapping } }
    var lowercased: TemplateText { mapping { _, scalar in scalar.properties.lowercaseMapping } }

    var capitalized: TemplateText {
        mapping { index, scalar in
            index == 0 ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
        }
    }

    /// Each word with a capital, where `isBoundary` tells what a word follows.
    func titlecased(
        with capital: (Unicode.Scalar) -> String = \.properties.titlecaseMapping,
        after isBoundary: (Unicode.Scalar) -> Bool
    ) -> TemplateText {
        mapping { index, scalar in
            index == 0 || isBoundary(scalars[index - 1]) ? capital(scalar) : scalar.properties.lowercaseMapping
        }
    }
}

/// Equal characters are equal text, whoever they came from.
extension TemplateText: Hashable {
    static func == (left: TemplateText, right: TemplateText) -> Bool { left.scalars == right.scalars }
    func hash(into hasher: inout Hasher) { hasher.combine(scalars) }
}
