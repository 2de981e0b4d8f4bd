import Braid
import Testing

@Suite("The grammar allows valid structure only")
struct ControlGrammarTests {
    /// What a line may come next to, step by step.
    static func expectations(_ dialect: Dialect, _ symbols: [ControlGrammar.Symbol], line: ControlGrammar.Line = .main)
        -> [ControlGrammar.Expectation]
    {
        var grammar = ControlGrammar(dialect, line: line, maximumOutlines: 2)
        return [grammar.expectation]
            + symbols.map { symbol in
                grammar.advance(symbol)
                return grammar.expectation
            }
    }

    @Test("a block of the braid dialect, step by step")
    func block() {
        #expect(
            Self.expectations(
                .braid,
                [
                    .text, .control("<Parallel>"), .control("<Outlines>"), .control("<Outline>"), .exact, .text,
                    .control("</Outline>"), .control("<Outline>"), .exact, .text, .control("</Outline>"),
                ]) == [
                    .text(orTags: ["<Parallel>", "<Answer>"]), .text(orTags: ["<Parallel>", "<Answer>"]),
                    .tags(["<Outlines>"]), .tags(["<Outline>"]), .exactly("1:"), .text(orTags: []),
                    .text(orTags: ["</Outline>"]), .tags(["<Outline>", "</Outlines>"]), .exactly("2:"),
                    .text(orTags: []), .text(orTags: ["</Outline>"]), .tags(["</Outlines>"]),
                ])
    }

    @Test("a thread returns before it closes")
    func thread() {
        #expect(
            Self.expectations(.braid, [.text, .control("<Return>"), .text, .control("</Return>")], line: .thread) == [
                .text(orTags: ["<Parallel>", "<Return>"]), .text(orTags: ["<Parallel>", "<Return>"]),
                .text(orTags: []), .text(orTags: ["</Return>"]), .tags(["</Thread>"]),
            ])
    }

    @Test("an answer is closed")
    func answer() {
        #expect(
            Self.expectations(.braid, [.control("<Answer>"), .text]).suffix(2)
                == [.text(orTags: []), .text(orTags: ["</Answer>"])])
    }

    @Test("no outline allowed means no block")
    func noFork() {
        let grammar = ControlGrammar(.braid, line: .main, maximumOutlines: 0)
        #expect(grammar.expectation == .text(orTags: ["<Answer>"]))
    }

    @Test("ThreadWeaver's block has newlines between its tags, and ends by the model")
    func woven() {
        #expect(
            Self.expectations(
                .threadWeaver, [.control("<think>"), .control("<Parallel>"), .exact, .control("<Outlines>"), .exact]
            ).dropFirst(2) == [
                .exactly("\n"), .tags(["<Outlines>"]), .exactly("\n"), .tags(["<Outline>"]),
            ])
        var end = ControlGrammar(.threadWeaver, line: .main, start: .blockEnd, maximumOutlines: 3, thinking: .inside)
        #expect(end.expectation == .tags(["</Parallel>"]))
        end.advance(.control("</Parallel>"))
        #expect(end.expectation == .text(orTags: ["<Parallel>", "</think>"]))
        end.advance(.control("</think>"))
        #expect(end.expectation == .text(orTags: ["<|im_end|>", "<|endoftext|>"]))
    }

    @Test("what is not allowed changes nothing")
    func ignoresForbidden() {
        var grammar = ControlGrammar(.braid, line: .main, maximumOutlines: 2)
        for tag in ["</Parallel>", "<Return>", "</Answer>", "<Unknown>"] {
            grammar.advance(.control(tag))
            #expect(grammar.expectation == .text(orTags: ["<Parallel>", "<Answer>"]))
        }
        grammar.advance(.exact)
        #expect(grammar.expectation == .text(orTags: ["<Parallel>", "<Answer>"]))
    }

    @Test("free text allows its tags always")
    func freeText() {
        var grammar = ControlGrammar(freeTextWith: ["<a>"])
        grammar.advance(.control("<a>"))
        #expect(grammar.expectation == .text(orTags: ["<a>"]))
    }

    /// Every dialect that tags can constrain, and braid's with dependencies written.
    static let dialects: [Dialect] = {
        var written = Dialect.braid
        written.dependencies = .written
        return [written] + DialectCatalogue.all.filter { $0.messages == nil }
    }()

    @Test("every random walk parses as valid", arguments: 0..<300)
    func randomWalks(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let dialect = Self.dialects[Int(seed) % Self.dialects.count]
        var text = ""
        var thinking = ControlGrammar.Thinking.before
        Self.walk(dialect, .main, depth: 0, thinking: &thinking, into: &text, &random)
        let events = DialectParserTests.events([text], dialect)
        // The grammar does not see what a text says, so it cannot keep one of ink out of the way of a block.
        let malformed = events.filter {
            if case .malformed(let what) = $0 {
                dialect.allowsTextBeforeBlocks || what != .textBeforeBlock
            } else {
                false
            }
        }
        #expect(malformed.isEmpty, "seed \(seed): \(text)")
        let opened = events.count { $0 == .blockOpened }
        #expect(opened == events.count { $0 == .blockClosed }, "seed \(seed)")
    }

    /// Walks one line at random to its end, with its threads in place, as a whole text of the dialect.
    static func walk(
        _ dialect: Dialect, _ line: ControlGrammar.Line, depth: Int, label: String = "",
        thinking: inout ControlGrammar.Thinking, into text: inout String, _ random: inout SeededGenerator
    ) {
        var start = ControlGrammar.Start.body
        var hasForked = line == .thread
        while true {
            let mayFork = depth < min(3, dialect.maximumDepth)
            var grammar = ControlGrammar(
                dialect, line: line, start: start, maximumOutlines: mayFork ? 3 : 0, thinking: thinking, label: label)
            var last = ""
            var outlines: [Outline] = []
            if case .start(let threads) = dialect.forkPoint, !hasForked {
                outlines = (1...threads).map { Outline(number: $0, text: "") }
                last = "start"
            }
            hasForked = true
            while last != dialect.forkTag ?? "start" {
                var word = ""
                switch grammar.expectation {
                case .exactly(let exact):
                    text += exact
                    if last == dialect.outline?.open {
                        let prefix = dialect.numbering == .dotted && !label.isEmpty ? label + "." : nil
                        outlines.append(Outline(number: outlines.count + 1, prefix: prefix, text: ""))
                    }
                    grammar.advance(.exact)
                    continue
                case .choice(let texts):
                    let chosen = texts.randomElement(using: &random) ?? ""
                    if last == dialect.outline?.open {
                        outlines.append(Outline(number: outlines.count + 1, text: ""))
                        last = ""
                    }
                    text += chosen
                    grammar.advance(.chosen(chosen))
                    continue
                case .text(let tags):
                    word =
                        tags.isEmpty || Bool.random(using: &random)
                        ? " w" : tags.sorted().randomElement(using: &random) ?? ""
                case .tags(let tags): word = tags.sorted().randomElement(using: &random) ?? ""
                }
                text += word
                if word == " w" {
                    grammar.advance(.text)
                    let behindText = grammar.expectation
                    var further = grammar
                    further.advance(.text)
                    #expect(further.expectation == behindText)
                    continue
                }
                grammar.advance(.control(word))
                last = word
                if word == dialect.think?.open { thinking = .inside }
                if word == dialect.think?.close { thinking = .over }
                if dialect.ends.contains(word) || word == dialect.threadTags(label: label)?.close { return }
            }
            if let threads = dialect.unplannedThreads { outlines = (1...threads).map { Outline(number: $0, text: "") } }
            text += dialect.forkText.rendered
            for (index, outline) in outlines.enumerated() {
                let seed = index == 0 ? dialect.threadSeed : dialect.laterJoinedSeed
                text += seed.rendered.replacing("{n}", with: outline.label).replacing("{outline}", with: "")
                walk(
                    dialect, .thread, depth: depth + 1, label: outline.label, thinking: &thinking, into: &text, &random)
                text += dialect.threadTail.rendered
            }
            text += dialect.threadsEnd.rendered
            start = dialect.startAfterJoin
        }
    }
}
