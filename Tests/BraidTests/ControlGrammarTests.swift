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

    @Test("every random walk parses as valid", arguments: 0..<300)
    func randomWalks(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let dialect = seed.isMultiple(of: 3) ? Dialect.threadWeaver : .braid
        var text = ""
        var thinking = ControlGrammar.Thinking.before
        Self.walk(dialect, .main, depth: 0, thinking: &thinking, into: &text, &random)
        let events = DialectParserTests.events([text], dialect)
        let malformed = events.filter { if case .malformed = $0 { true } else { false } }
        #expect(malformed.isEmpty, "seed \(seed): \(text)")
        let opened = events.count { $0 == .blockOpened }
        #expect(opened == events.count { $0 == .blockClosed }, "seed \(seed)")
    }

    /// Walks one line at random to its end, with its threads in place, as a whole text of the dialect.
    static func walk(
        _ dialect: Dialect, _ line: ControlGrammar.Line, depth: Int, thinking: inout ControlGrammar.Thinking,
        into text: inout String, _ random: inout SeededGenerator
    ) {
        var start = ControlGrammar.Start.body
        while true {
            let mayFork = depth == 0 || (dialect.nests && depth < 3)
            var grammar = ControlGrammar(
                dialect, line: line, start: start, maximumOutlines: mayFork ? 3 : 0, thinking: thinking)
            var last = ""
            var outlines: [(Int, String)] = []
            while last != dialect.outlines.close {
                var word = ""
                switch grammar.expectation {
                case .exactly(let exact):
                    text += exact
                    if last == dialect.outline.open { outlines.append((outlines.count + 1, "")) }
                    grammar.advance(.exact)
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
                    continue
                }
                grammar.advance(.control(word))
                last = word
                if word == dialect.think?.open { thinking = .inside }
                if word == dialect.think?.close { thinking = .over }
                if dialect.ends.contains(word) || word == dialect.thread.close { return }
            }
            for (number, _) in outlines {
                text += "\(dialect.separator)\(dialect.thread.open)\(dialect.separator)\(number):"
                walk(dialect, .thread, depth: depth + 1, thinking: &thinking, into: &text, &random)
            }
            text += dialect.separator
            start = dialect.blockEnd == .model ? .blockEnd : .body
            if dialect.blockEnd == .runtime { text += dialect.parallel.close }
        }
    }
}
