/// A regular expression of the part of Oniguruma's syntax that tokenizers use, compiled for ``RegularExpressionMatcher``.
///
/// Alternatives, groups `( )`, `(?: )`, `(?i: )`, look-ahead, look-behind of one character, classes, `\p{..}` with general
/// categories, `\s`, `\d`, `.`, `^`, `$`, and the quantifiers `* + ? {m,n}`, greedy or lazy.
struct RegularExpression: Sendable {
    enum Instruction: Sendable {
        case match
        /// One scalar of the set with this number.
        case one(Int)
        /// As many scalars of the set as there are, but at least and at most so many; fewer if the rest needs it.
        case many(Int, least: Int, most: Int)
        case jump(Int)
        /// Goes on at the first place, and at the second if that fails.
        case split(Int, Int)
        /// Goes on only if what begins at the next instruction and ends with `match` does, or does not, match here.
        case ahead(isNegated: Bool, next: Int)
        /// Goes on only if the scalar before is, or is not, in the set.
        case behind(Int, isNegated: Bool)
        case lineStart
        case lineEnd
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [CharacterSet] = []

    /// Why a pattern was refused.
    enum Failure: Error {
        case malformed(String)
        case unsupported(String)
    }

    /// Instructions that a pattern may compile to.
    static let maximumLength = 20_000
    /// Groups within groups.
    static let maximumDepth = 50

    /// Compiles a pattern.
    ///
    /// - Complexity: O(length of the pattern x its counts), at most ``maximumLength``.
    init(_ pattern: String) throws(Failure) {
        guard !pattern.isEmpty else { throw .malformed("it is empty") }
        var parser = Parser(scalars: pattern.unicodeScalars.map(\.value))
        let node = try parser.alternatives(ignoresCase: false, depth: 0)
        guard parser.position == parser.scalars.count else { throw .malformed("there is a ) too many") }
        try compile(node)
        instructions.append(.match)
    }

    /// Compiles a literal text.
    init(literal: String) {
        for scalar in literal.unicodeScalars {
            instructions.append(.one(sets.count))
            sets.append(CharacterSet(ranges: [scalar.value...scalar.value]))
        }
        instructions.append(.match)
    }

    // MARK: Compiling

    private indirect enum Node {
        case set(CharacterSet)
        case sequence([Node])
        case alternatives([Node])
        case repeated(Node, least: Int, most: Int, isLazy: Bool)
        case ahead(Node, isNegated: Bool)
        case behind(CharacterSet, isNegated: Bool)
        case lineStart
        case lineEnd

        /// Whether it can match without taking a character.
        var canBeEmpty: Bool {
            switch self {
            case .set: false
            case .sequence(let nodes): nodes.allSatisfy(\.canBeEmpty)
            case .alternatives(let nodes): nodes.contains(where: \.canBeEmpty)
            case .repeated(let node, let least, _, _): least == 0 || node.canBeEmpty
            case .ahead, .behind, .lineStart, .lineEnd: true
            }
        }
    }

    private mutating func add(_ set: CharacterSet) -> Int {
        sets.append(set)
        return sets.count - 1
    }

    private mutating func compile(_ node: Node) throws(Failure) {
        guard instructions.count < Self.maximumLength else { throw .unsupported("it is too long") }
        switch node {
        case .set(let set): instructions.append(.one(add(set)))
        case .sequence(let nodes): for node in nodes { try compile(node) }
        case .alternatives(let nodes):
            var jumps: [Int] = []
            for (index, node) in nodes.enumerated() {
                guard index < nodes.count - 1 else {
                    try compile(node)
                    break
                }
                let split = instructions.count
                instructions.append(.match)
                try compile(node)
                jumps.append(instructions.count)
                instructions.append(.match)
                instructions[split] = .split(split + 1, instructions.count)
            }
            for jump in jumps { instructions[jump] = .jump(instructions.count) }
        case .repeated(let node, let least, let most, let isLazy):
            if case .set(let set) = node, !isLazy {
                instructions.append(.many(add(set), least: least, most: most))
                return
            }
            guard !node.canBeEmpty else { throw .unsupported("it repeats what can be empty") }
            for _ in 0..<least { try compile(node) }
            func split(_ place: Int, _ end: Int) {
                instructions[place] = isLazy ? .split(end, place + 1) : .split(place + 1, end)
            }
            if most == .max {
                let place = instructions.count
                instructions.append(.match)
                try compile(node)
                instructions.append(.jump(place))
                split(place, instructions.count)
            } else {
                var places: [Int] = []
                for _ in least..<most {
                    places.append(instructions.count)
                    instructions.append(.match)
                    try compile(node)
                }
                for place in places { split(place, instructions.count) }
            }
        case .ahead(let node, let isNegated):
            let place = instructions.count
            instructions.append(.match)
            try compile(node)
            instructions.append(.match)
            instructions[place] = .ahead(isNegated: isNegated, next: instructions.count)
        case .behind(let set, let isNegated): instructions.append(.behind(add(set), isNegated: isNegated))
        case .lineStart: instructions.append(.lineStart)
        case .lineEnd: instructions.append(.lineEnd)
        }
    }

    // MARK: Parsing

    private struct Parser {
        let scalars: [UInt32]
        var position = 0

        private static func code(_ character: Unicode.Scalar) -> UInt32 { character.value }

        private func isNext(_ text: String) -> Bool {
            let text = text.unicodeScalars.map(\.value)
            return position + text.count <= scalars.count
                && scalars[position..<position + text.count].elementsEqual(text)
        }

        private mutating func take(_ text: String) -> Bool {
            guard isNext(text) else { return false }
            position += text.unicodeScalars.count
            return true
        }

        private mutating func next() throws(Failure) -> UInt32 {
            guard position < scalars.count else { throw .malformed("it ends too early") }
            position += 1
            return scalars[position - 1]
        }

        mutating func alternatives(ignoresCase: Bool, depth: Int) throws(Failure) -> Node {
            guard depth < RegularExpression.maximumDepth else { throw .unsupported("its groups nest too deeply") }
            var nodes = [try sequence(ignoresCase: ignoresCase, depth: depth)]
            while take("|") { nodes.append(try sequence(ignoresCase: ignoresCase, depth: depth)) }
            return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
        }

        private mutating func sequence(ignoresCase: Bool, depth: Int) throws(Failure) -> Node {
            var nodes: [Node] = []
            while position < scalars.count, !isNext("|"), !isNext(")") {
                let node = try atom(ignoresCase: ignoresCase, depth: depth)
                nodes.append(try quantified(node))
            }
            return nodes.count == 1 ? nodes[0] : .sequence(nodes)
        }

        private mutating func quantified(_ node: Node) throws(Failure) -> Node {
            let least: Int
            let most: Int
            if take("*") {
                (least, most) = (0, .max)
            } else if take("+") {
                (least, most) = (1, .max)
            } else if take("?") {
                (least, most) = (0, 1)
            } else if isNext("{") {
                position += 1
                let first = try number()
                let hasSecond = take(",")
                let second = hasSecond ? try number() : first
                guard take("}"), first != nil || second != nil else { throw .unsupported("{ without counts") }
                (least, most) = (first ?? 0, second ?? .max)
                guard least <= most else { throw .malformed("a count goes from \(least) to \(most)") }
            } else {
                return node
            }
            let isLazy = take("?")
            if isNext("+") || isNext("*") || isNext("{") { throw .unsupported("a quantifier after a quantifier") }
            return .repeated(node, least: least, most: most, isLazy: isLazy)
        }

        private mutating func number() throws(Failure) -> Int? {
            var value: Int?
            while position < scalars.count, (0x30...0x39).contains(scalars[position]) {
                value = (value ?? 0) * 10 + Int(scalars[position] - 0x30)
                guard value ?? 0 <= 1000 else { throw .unsupported("a count above 1000") }
                position += 1
            }
            return value
        }

        private mutating func atom(ignoresCase: Bool, depth: Int) throws(Failure) -> Node {
            if take("(") { return try group(ignoresCase: ignoresCase, depth: depth) }
            if take("^") { return .lineStart }
            if take("$") { return .lineEnd }
            if take(".") { return .set(CharacterSet(ranges: [0x0A...0x0A], isInverted: true)) }
            if isNext("*") || isNext("+") || isNext("?") { throw .malformed("a quantifier has nothing to repeat") }
            var set = CharacterSet()
            if take("[") {
                set = try characterClass()
            } else {
                try item(into: &set)
            }
            return .set(try folded(set, ignoresCase))
        }

        private func folded(_ set: CharacterSet, _ ignoresCase: Bool) throws(Failure) -> CharacterSet {
            guard ignoresCase else { return set }
            guard set.ranges.allSatisfy({ $0.upperBound < 0x80 }) else {
                throw .unsupported("(?i: with letters beyond A to Z")
            }
            return set.foldingASCIICase
        }

        private mutating func group(ignoresCase: Bool, depth: Int) throws(Failure) -> Node {
            var ignoresCase = ignoresCase
            var look: (isAhead: Bool, isNegated: Bool)?
            if take("?") {
                if take(":") {
                } else if take("i:") {
                    ignoresCase = true
                } else if take("=") {
                    look = (true, false)
                } else if take("!") {
                    look = (true, true)
                } else if take("<=") {
                    look = (false, false)
                } else if take("<!") {
                    look = (false, true)
                } else if position >= scalars.count {
                    throw .malformed("a group does not end")
                } else {
                    // An unfinished name is no more than a damaged pattern.
                    guard scalars[position...].contains(0x29) else { throw .malformed("a group does not end") }
                    throw .unsupported(
                        "a group that begins with (?\(Unicode.Scalar(scalars[position]).map(String.init) ?? "")")
                }
            }
            let node = try alternatives(ignoresCase: ignoresCase, depth: depth + 1)
            guard take(")") else { throw .malformed("a group does not end") }
            guard let look else { return node }
            if look.isAhead { return .ahead(node, isNegated: look.isNegated) }
            guard case .set(let set) = node else { throw .unsupported("look-behind of more than one character") }
            return .behind(set, isNegated: look.isNegated)
        }

        private mutating func characterClass() throws(Failure) -> CharacterSet {
            var set = CharacterSet()
            set.isInverted = take("^")
            var isFirst = true
            while true {
                guard position < scalars.count else { throw .malformed("a [ does not end") }
                if !isFirst, take("]") { return set }
                isFirst = false
                if isNext("[") || isNext("&&") { throw .unsupported("a class within a class") }
                guard let first = try item(into: &set) else { continue }
                guard isNext("-"), position + 1 < scalars.count, scalars[position + 1] != 0x5D else { continue }
                position += 1
                var end = CharacterSet()
                guard let last = try item(into: &end) else { throw .malformed("a range ends with a class") }
                guard first <= last else { throw .malformed("a range is the wrong way round") }
                set.ranges.append(first...last)
            }
        }

        /// Adds one character or class, and returns the character.
        @discardableResult
        private mutating func item(into set: inout CharacterSet) throws(Failure) -> UInt32? {
            let scalar = try next()
            guard scalar == Self.code("\\") else {
                set.ranges.append(scalar...scalar)
                return scalar
            }
            let escaped = try next()
            var single: UInt32?
            switch Unicode.Scalar(escaped) {
            case "s": set.hasWhiteSpace = true
            case "S": set.hasNonWhiteSpace = true
            case "d": set.categories |= 1 << 8
            case "D": set.categories |= ~(1 << 8)
            case "p": set.categories |= try property()
            case "P": set.categories |= ~(try property())
            case "n": single = 0x0A
            case "r": single = 0x0D
            case "t": single = 0x09
            case "f": single = 0x0C
            case "v": single = 0x0B
            case "u": single = try hexadecimal(4)
            case "x":
                if take("{") {
                    single = try hexadecimal(nil)
                    guard take("}") else { throw .malformed("\\x{ does not end") }
                } else {
                    single = try hexadecimal(2)
                }
            default:
                guard escaped < 0x80, let letter = Unicode.Scalar(escaped), !letter.properties.isAlphabetic,
                    letter.properties.numericType == nil
                else { throw .unsupported("\\\(Unicode.Scalar(escaped).map(String.init) ?? "")") }
                single = escaped
            }
            if let single { set.ranges.append(single...single) }
            return single
        }

        private mutating func hexadecimal(_ count: Int?) throws(Failure) -> UInt32 {
            var value: UInt32 = 0
            var digits = 0
            while position < scalars.count, digits < count ?? 8,
                let digit = Unicode.Scalar(scalars[position]).flatMap({ Character($0).hexDigitValue }),
                scalars[position] < 0x80
            {
                value = value &* 16 &+ UInt32(digit)
                digits += 1
                position += 1
            }
            guard digits > 0, digits == count ?? digits, Unicode.Scalar(value) != nil else {
                throw .malformed("a hexadecimal escape is wrong")
            }
            return value
        }

        private mutating func property() throws(Failure) -> UnicodeProperties.Categories {
            guard take("{") else { throw .unsupported("\\p without {") }
            var name = ""
            while !isNext("}") {
                guard let scalar = Unicode.Scalar(try next()) else { continue }
                name.unicodeScalars.append(scalar)
            }
            position += 1
            let isNegated = name.hasPrefix("^")
            if isNegated { name.removeFirst() }
            var categories: UnicodeProperties.Categories = 0
            for (bit, category) in UnicodeProperties.categoryNames.enumerated()
            where category == name || name.count == 1 && category.hasPrefix(name) {
                categories |= 1 << UInt32(bit)
            }
            guard categories != 0 else { throw .unsupported("\\p{\(name)}") }
            return isNegated ? ~categories : categories
        }
    }
}
