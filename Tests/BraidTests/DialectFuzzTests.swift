import Braid
import Foundation
import Testing

/// Random streams over the control alphabet of every dialect.
///
/// `BRAID_FUZZ_STREAMS=100000` runs that many streams for every dialect; the usual number takes a second.
@Suite("Whatever comes, the parser ends with a tree")
struct DialectFuzzTests {
    static let streams = ProcessInfo.processInfo.environment["BRAID_FUZZ_STREAMS"].flatMap(Int.init) ?? 400

    /// Dialects, and braid's with dotted numbers, dependencies and a conclusion, for what no shipped dialect combines.
    static let dialects: [Dialect] = {
        var mixed = Dialect.braid
        mixed.name = "mixed"
        mixed.numbering = .dotted
        mixed.dependencies = .written
        mixed.conclusion = Dialect.Conclusion(TagPair("Conclusion"))
        mixed.think = TagPair("Think")
        return DialectCatalogue.all + [mixed]
    }()

    /// Tags, pieces of tags, numbers and ordinary text.
    static func alphabet(_ dialect: Dialect) -> [String] {
        var parts = dialect.allTags.sorted()
        if let messages = dialect.messages {
            parts += [
                messages.list.open, messages.list.close, messages.joined.open, messages.joined.close,
                "<Start Sub Search 0 at level 1> Moving to Node #0,1", "<Start Sub Search ", "1 at level 1> Moving to ",
                "<Goal Reached in Sub Search 0", "<No Solution in Sub Search 1", " at level 1 at Node #0>",
                "Goal Reached",
            ]
        }
        return parts + parts.prefix(4).map { String($0.dropLast(2)) }
            + [
                "1:", "2", "1.1:", " after 1", ":", ",", " x", "\n", "\r\n", "<", ">", "é", "🙂", "\u{301}",
                "\\boxed{4}",
            ]
    }

    static func token(_ part: String, _ dialect: Dialect) -> DecodedToken {
        dialect.allTags.contains(part)
            ? DecodedToken(id: 0, text: "", control: part) : DecodedToken(id: 1, text: part)
    }

    static func limits(_ dialect: Dialect) -> DialectParser.Limits {
        DialectParser.Limits(outlines: dialect.maximumOutlines, depth: 16)
    }

    static func tokens(of text: TokenText) -> [DecodedToken] {
        text.pieces.map { piece in
            switch piece {
            case .text(let text): DecodedToken(id: 1, text: text)
            case .control(let tag): DecodedToken(id: 0, text: "", control: tag)
            case .tokens: DecodedToken(id: 2, text: "")
            }
        }
    }

    static func tree(_ tokens: [DecodedToken], _ dialect: Dialect) -> StructureTree {
        var parser = DialectParser(dialect, limits: limits(dialect))
        var events: [StructureEvent] = []
        for token in tokens { events += parser.consume(token) }
        return StructureTree(events + parser.finish())
    }

    @Test("random streams end, split anywhere give the same tree, and are stable once repaired", arguments: dialects)
    func streams(dialect: Dialect) {
        let alphabet = Self.alphabet(dialect)
        for seed in 0..<UInt64(Self.streams) {
            var random = SeededGenerator(seed: seed)
            let parts = (0..<Int.random(in: 1...48, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? ""
            }
            // As tokens.
            var parser = DialectParser(dialect, limits: Self.limits(dialect))
            var events: [StructureEvent] = []
            for part in parts { events += parser.consume(Self.token(part, dialect)) }
            events += parser.finish()
            #expect(parser.finish().isEmpty, "seed \(seed): it ended twice")
            // As text, whole and cut at random places between bytes that are whole characters.
            let text = parts.joined()
            let whole = StructureTree.read(text, in: dialect).tree
            var rest = text.unicodeScalars[...]
            var split = DialectParser(dialect, limits: Self.limits(dialect))
            var found: [StructureEvent] = []
            while !rest.isEmpty {
                let count = Int.random(in: 1...7, using: &random)
                found += split.consume(text: String(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(StructureTree(found + split.finish()) == whole, "seed \(seed): \(text)")
            // Written again, the tree reads as itself.
            guard dialect.messages == nil else { continue }
            let once = Self.tree(Self.tokens(of: StructureWriter.text(StructureTree(events), in: dialect)), dialect)
            let twice = Self.tree(Self.tokens(of: StructureWriter.text(once, in: dialect)), dialect)
            #expect(once == twice, "seed \(seed): \(text)")
        }
    }

    @Test("what the grammar allows is written again as it was", arguments: 0..<300)
    func roundTrip(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let dialect = ControlGrammarTests.dialects[Int(seed) % ControlGrammarTests.dialects.count]
        var text = ""
        var thinking = ControlGrammar.Thinking.before
        ControlGrammarTests.walk(dialect, .main, depth: 0, thinking: &thinking, into: &text, &random)
        let tree = StructureTree.read(text, in: dialect).tree
        #expect(StructureWriter.text(tree, in: dialect).rendered == text, "seed \(seed), \(dialect)")
    }

    /// A million tokens by default only where the fuzz runs long; the counters say the same for fewer.
    static let longInput = ProcessInfo.processInfo.environment["BRAID_FUZZ_STREAMS"] == nil ? 100_000 : 1_000_000

    @Test("a long input is looked at once, whatever is in it", arguments: dialects)
    func work(dialect: Dialect) throws {
        let label = dialect.seed(for: Outline(number: 1, text: " a")).pieces
        let block = dialect.forkingText([Outline(number: 1, text: " a")]).pieces + label
        var parts = Self.tokens(of: TokenText(block))
        parts += (0..<40).map { DecodedToken(id: 1, text: [" one", " two", " <three", "\n"][$0 % 4]) }
        parts += Self.tokens(of: dialect.threadEnd(label: "1", returning: .text(" r")) + dialect.threadsEnd)
        parts += Self.tokens(of: dialect.blockEndText(concluding: .text(" c")))
        let texts = parts.map { $0.control ?? $0.text }
        var (byToken, byText) = (DialectParser(dialect), DialectParser(dialect))
        let clock = ContinuousClock()
        var events = 0
        let tokenTime = clock.measure {
            for index in 0..<Self.longInput { events += byToken.consume(parts[index % parts.count]).count }
        }
        let textTime = clock.measure {
            for index in 0..<Self.longInput { events += byText.consume(text: texts[index % texts.count]).count }
        }
        let bytes = (0..<Self.longInput).reduce(0) { $0 + texts[$1 % texts.count].utf8.count }
        // Tokens are looked at for labels alone; text for tags, where a tag's beginning is looked at again with what follows.
        #expect(byToken.examinedBytes <= bytes)
        #expect(byText.examinedBytes <= 3 * bytes)
        #expect(events <= 8 * Self.longInput)
        print("\(dialect): \(Self.longInput) tokens in \(tokenTime), as text in \(textTime)")
    }
}
