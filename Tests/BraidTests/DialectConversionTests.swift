import Braid
import Testing

@Suite("Dialects are rewritten where that is meaningful")
struct DialectConversionTests {
    static let braid =
        " Split.<Parallel><Outlines><Outline>1: 7 + 1</Outline><Outline>2 after 1: twice that</Outline></Outlines>"
        + "<Thread>1: 7 + 1\n it is 8<Return> 8</Return></Thread>"
        + "<Thread>2: twice that\n 16 then<Return> 16</Return></Thread></Parallel> so<Answer>2:</Answer>"

    @Test("braid as ThreadWeaver says it, to the letter")
    func braidToThreadWeaver() throws {
        let converted = try DialectConversion(Self.braid, from: .braid, to: .threadWeaver)
        #expect(
            converted.text.rendered == """
                <think> Split.<Parallel>
                <Outlines>
                <Outline>1: 7 + 1</Outline>
                <Outline>2: twice that</Outline>
                </Outlines>
                <Thread>
                1:
                 it is 8 8
                </Thread><Thread>
                2:
                 16 then 16
                </Thread>
                </Parallel></think> so
                \\boxed{16}<|im_end|>
                """)
        #expect(converted.notes.count == 3)
    }

    @Test(
        "what is rewritten is well formed",
        arguments: [
            (braid, Dialect.braid, Dialect.threadWeaver), (braid, .braid, .multiverse), (braid, .braid, .parallelR1),
            (DialectParserTests.nested, .braid, .multiverse), (braid, .braid, .braid),
            (multiverse, .multiverse, .threadWeaver), (multiverse, .multiverse, .npr),
            (multiverse, .multiverse, .paraThinker),
            (npr, .npr, .multiverse), (npr, .npr, .parallelR1), (npr, .npr, .threadWeaver),
        ])
    func wellFormed(text: String, source: Dialect, target: Dialect) throws {
        let converted = try DialectConversion(text, from: source, to: target)
        let (tree, malformed) = StructureTree.read(converted.text.rendered, in: target)
        #expect(malformed.isEmpty, "\(converted.text.rendered)")
        #expect(StructureWriter.text(tree, in: target).rendered == converted.text.rendered)
        #expect(converted.text.controlTags.isSubset(of: target.allTags))
    }

    static let multiverse = """
        <Parallel>
        <Goal>
        <Outline>
        1: Factor.
        </Outline>
        <Outline>
        2: Check.
        </Outline>
        </Goal>
        <Path>
        1: It is 4.
        </Path>
        <Path>
        2: 4 again.
        </Path>
        <Conclusion>
        Both give 4.
        </Conclusion>
        </Parallel>
        It is \\boxed{4}.<|im_end|>
        """

    static let npr = """
        <guideline>
        <plan>1: P</plan>
        <plan>2: Q</plan>
        </guideline>
        <step>
        1: p
        </step>
        <step>
        2: q
        </step>
        <takeaway>
        p it is.
        </takeaway>

        It is \\boxed{4}.<|im_end|>
        """

    @Test(
        "what is not meaningful is refused in words",
        arguments: [
            (multiverse, Dialect.multiverse, Dialect.braid, "return"), (braid, .braid, .npr, "before a block"),
            (braid, .braid, .apr, "message"), ("24,24 equal", .apr, .braid, "message"),
            (DialectParserTests.nested, .braid, .threadWeaver, "nests"), ("<Thread>", .braid, .npr, "malformed"),
            (
                DialectParserTests.woven.replacing("<Conclusion>Both give 4.</Conclusion>", with: ""), .threadWeaver,
                .multiverse, "conclusion"
            ),
            (
                "<Parallel><Path>a</Path><Path>b</Path></Parallel>\n<Summary> c </Summary>", .parallelR1, .multiverse,
                "each thread"
            ),
        ])
    func refused(text: String, source: Dialect, target: Dialect, word: String) {
        let error = #expect(throws: DialectConversion.Refusal.self) {
            try DialectConversion(text, from: source, to: target)
        }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test("shipped dialects have no faults and names of their own", arguments: DialectCatalogue.all)
    func faultless(dialect: Dialect) {
        #expect(dialect.faults().isEmpty)
        #expect(DialectCatalogue.dialect(named: dialect.name) == dialect)
    }
}
