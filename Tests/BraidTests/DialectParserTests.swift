import Braid
import Testing

@Suite("The parser finds structure in tokens and text")
struct DialectParserTests {
    static let nested =
        " Hi.<Parallel><Outlines><Outline>1: a b</Outline><Outline>2 after 1: c</Outline></Outlines>"
        + "<Thread>1: a b\n x<Parallel><Outlines><Outline>1: deep</Outline></Outlines>"
        + "<Thread>1: deep\n<Return> D</Return></Thread></Parallel> y<Return> A</Return></Thread>"
        + "<Thread>2: c\n<Return> C</Return></Thread></Parallel> so <b> &<Answer> 42</Answer>"

    static let woven = """
        <think>
        We want S.
        <Parallel>
        <Outlines>
        <Outline>1: Sum the series.</Outline>
        <Outline>2: Use the pattern.</Outline>
        </Outlines>
        <Thread>
        1: There are 100 terms.
        </Thread><Thread>
        2: Seven odds < 14.
        </Thread>
        <Conclusion>Both give 4.</Conclusion></Parallel>
        Both.
        </think>
        The remainder is \\boxed{4}.<|im_end|>
        """

    static let broken =
        "<Return> a</Thread><Parallel> x <Outline>1: q</Outline><Outlines>no<Outline>zwei</Outline>"
        + "<Outline>9: n</Outline><Outline>9: n</Outline><Outline>3 after 7: n</Outline></Outlines> stray "
        + "<Thread> none</Thread><Thread>12 x</Thread><Answer><Thread>"

    static func events(_ parts: [String], _ dialect: Dialect, policy: DialectParser.Policy = .repair)
        -> [StructureEvent]
    {
        var parser = DialectParser(dialect, policy: policy)
        var events: [StructureEvent] = []
        for part in parts { events += parser.consume(text: part) }
        return merged(events + parser.finish())
    }

    /// Joins neighbouring text events.
    static func merged(_ events: [StructureEvent]) -> [StructureEvent] {
        events.reduce(into: []) { merged, event in
            if case .text(let next) = event, case .text(let before) = merged.last {
                merged[merged.count - 1] = .text(before + next)
            } else {
                merged.append(event)
            }
        }
    }

    @Test("nested blocks of the braid dialect")
    func nestedBlocks() {
        #expect(
            Self.events([Self.nested], .braid) == [
                .text(" Hi."), .blockOpened, .outline(Outline(number: 1, text: " a b")),
                .outline(Outline(number: 2, after: [1], text: " c")), .outlinesClosed,
                .threadOpened(1), .text(" a b\n x"), .blockOpened, .outline(Outline(number: 1, text: " deep")),
                .outlinesClosed, .threadOpened(1), .text(" deep\n"), .returnOpened, .returned(" D"), .threadClosed,
                .blockClosed, .text(" y"), .returnOpened, .returned(" A"), .threadClosed,
                .threadOpened(2), .text(" c\n"), .returnOpened, .returned(" C"), .threadClosed, .blockClosed,
                .text(" so <b> &"), .answer(" 42"),
            ])
    }

    @Test("the joined view, as a parent sees it")
    func joinedView() {
        let text = "<Parallel><Outlines><Outline>1: a</Outline></Outlines><Return>1: A</Return></Parallel>"
        #expect(
            Self.events([text], .braid) == [
                .blockOpened, .outline(Outline(number: 1, text: " a")), .outlinesClosed, .returned("1: A"),
                .blockClosed,
            ])
    }

    @Test("a whole response of ThreadWeaver")
    func wholeResponse() {
        let events = Self.events([Self.woven], .threadWeaver)
        #expect(!events.contains { if case .malformed = $0 { true } else { false } })
        #expect(events.contains(.threadOpened(2)))
        #expect(events.contains(.text(" Seven odds < 14.\n")))
        #expect(events.contains(.text("Both give 4.")))
    }

    @Test(
        "every split of the input gives the same events",
        arguments: [(nested, Dialect.braid), (woven, .threadWeaver), (broken, .braid), (broken, .threadWeaver)])
    func splits(text: String, dialect: Dialect) {
        let whole = Self.events([text], dialect)
        var index = text.startIndex
        while index < text.endIndex {
            #expect(Self.events([String(text[..<index]), String(text[index...])], dialect) == whole)
            index = text.index(after: index)
        }
        #expect(Self.events(text.map { String($0) }, dialect) == whole)
    }

    @Test("tokens and text give the same events")
    func tokensAndText() {
        let engine = ScriptedEngine { _ in "" }
        var parser = DialectParser(.braid)
        var events: [StructureEvent] = []
        for token in engine.tokens(of: Self.nested) { events += parser.consume(token) }
        #expect(Self.merged(events + parser.finish()) == Self.events([Self.nested], .braid))
    }

    @Test("tags in the text of a token are text")
    func tagsInText() {
        var parser = DialectParser(.braid)
        let events = parser.consume(DecodedToken(id: 0, text: "<Parallel><Outlines>"))
        #expect(events == [.text("<Parallel><Outlines>")])
    }

    @Test("what is malformed is named, and repaired or rejected")
    func malformed() {
        func outlines(_ text: String, _ policy: DialectParser.Policy) -> [StructureEvent] {
            Self.events(["<Parallel><Outlines>" + text + "</Outlines><Thread>1:"], .braid, policy: policy)
                .dropFirst().prefix { $0 != .outlinesClosed && $0 != .blockClosed }
        }
        #expect(
            outlines("<Outline>no number</Outline>", .repair)
                == [.malformed(.outlineWithoutNumber), .outline(Outline(number: 1, text: "no number"))])
        #expect(
            outlines("<Outline>no number</Outline>", .reject)
                == [.malformed(.outlineWithoutNumber), .malformed(.noOutlines)])
        #expect(
            outlines("<Outline>2: b</Outline>", .repair)
                == [.malformed(.numberOutOfOrder(2, expected: 1)), .outline(Outline(number: 2, text: " b"))])
        #expect(
            outlines("<Outline>1: a</Outline><Outline>1: b</Outline>", .repair)
                == [.outline(Outline(number: 1, text: " a")), .malformed(.duplicateNumber(1))])
        #expect(
            outlines("<Outline>1 after 2: a</Outline>", .repair)
                == [.malformed(.unknownDependency(2)), .outline(Outline(number: 1, text: " a"))])
        #expect(
            outlines("<Outline>99999999999999999999: a</Outline>", .repair).first == .malformed(.outlineWithoutNumber))
    }

    @Test("limits on width and depth hold")
    func limits() {
        var parser = DialectParser(.braid, limits: DialectParser.Limits(outlines: 1, depth: 1))
        let text =
            "<Parallel><Outlines><Outline>1: a</Outline><Outline>2: b</Outline></Outlines><Thread>1:<Parallel>"
        let events = parser.consume(text: text)
        #expect(events.contains(.malformed(.tooManyOutlines(limit: 1))))
        #expect(events.contains(.malformed(.tooDeep(limit: 1))))
        #expect(parser.malformedCount == 2)
        #expect(parser.finish().contains(.malformed(.unclosed("<Parallel>"))))
    }

    @Test("random tags never trap, and splits do not matter", arguments: 0..<200)
    func randomStreams(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let dialect = seed.isMultiple(of: 2) ? Dialect.braid : .threadWeaver
        let alphabet = dialect.allTags.sorted() + ["1:", "2", " after 1", ":", " x", "\n", "<", "</Thr", "é", "🙂"]
        let parts = (0..<120).map { _ in alphabet.randomElement(using: &random) ?? "" }
        #expect(Self.events(parts, dialect) == Self.events([parts.joined()], dialect), "seed \(seed)")
    }

    @Test("long input takes time in proportion")
    func longInput() {
        var parser = DialectParser(.braid)
        var count = 0
        for token in ["<Parallel>", "<Outlines>", "<Outline>"] {
            count += parser.consume(DecodedToken(id: 0, text: "", control: token)).count
        }
        let word = DecodedToken(id: 1, text: " word")
        for _ in 0..<200_000 { count += parser.consume(word).count }
        #expect(count == 1)
        for _ in 0..<100_000 { count += parser.consume(text: "<Outl").count }
        #expect(count == 1)
    }
}
