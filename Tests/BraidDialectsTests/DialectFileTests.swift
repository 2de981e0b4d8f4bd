import Braid
import BraidDialects
import Testing

@Suite("A dialect is read from YAML, strictly")
struct DialectFileTests {
    static func dialect(_ yaml: String) throws -> Dialect {
        try DialectFile.dialect(from: yaml, source: "mine.yaml")
    }

    @Test("a file that extends a dialect changes what it says and nothing else")
    func extends() throws {
        let dialect = try Self.dialect(
            """
            name: my-weaver
            extends: threadweaver
            thread: Branch
            thread-seed: ["\\n", {tag: "<Branch>"}, "\\n{n}:"]
            later-joined-seed: [{tag: "<Branch>"}, "\\n{n}:"]
            cut-thread-end: ["\\n", {tag: "</Branch>"}]
            maximum-outlines: 4
            """)
        var expected = Dialect.threadWeaver
        expected.name = "my-weaver"
        expected.thread = TagPair("Branch")
        expected.threadSeed = TokenText([.text("\n"), .control("<Branch>"), .text("\n{n}:")])
        expected.laterJoinedSeed = TokenText([.control("<Branch>"), .text("\n{n}:")])
        expected.cutThreadEnd = TokenText([.text("\n"), .control("</Branch>")])
        expected.maximumOutlines = 4
        #expect(dialect == expected)
    }

    @Test("a whole dialect of its own")
    func whole() throws {
        let dialect = try Self.dialect(
            """
            name: paths-2
            prompt-start: {tag: "<Q>"}
            prompt-end: [{tag: "</Q>"}]
            fork: block-opening
            threads: 3
            parallel: ["[[", "]]"]
            thread: Path
            conclusion: Summary
            conclusion-after-block: true
            answer: Answer
            ends: ["</Answer>"]
            thread-seed: [{tag: "<Path>"}]
            threads-end: [{tag: "]]"}, {tag: "<Summary>"}]
            shows: whole-threads
            join: stitch
            """.replacing("prompt-start: {tag: \"<Q>\"}", with: "prompt-start: [{tag: \"<Q>\"}]"))
        #expect(dialect.forkPoint == .blockOpening(threads: 3))
        #expect(dialect.parallel == TagPair(open: "[[", close: "]]"))
        #expect(dialect.startAfterJoin == .conclusion)
        #expect(dialect.join == .stitch)
        #expect(dialect.prompt(for: "x").rendered == "<Q>x</Q>")
    }

    @Test(
        "what is wrong is named with its place and what is allowed",
        arguments: [
            ("name: [", "is not YAML"), ("- a", "must be a mapping"), ("", "must be a mapping"),
            ("name: x\nextends: braid\ncolour: red", "line 3, column 1: unknown key colour; allowed: name"),
            ("name: x\nextends: weaver", "extends is 'weaver'; allowed: braid, threadweaver"),
            ("name: x", "the key answer is missing"), ("extends: braid", "the key name is missing"),
            ("name: x\nextends: braid\njoin: glue", "join is 'glue'; allowed: reprefill, stitch"),
            ("name: x\nextends: braid\nshows: all", "allowed: returns, whole-threads"),
            ("name: x\nextends: braid\nmaximum-depth: deep", "allowed: a whole number"),
            ("name: x\nextends: braid\nmaximum-depth: 99", "maximum-depth is 99; allowed: 1 to 16"),
            ("name: x\nextends: braid\nmaximum-outlines: 0", "maximum-outlines is 0; allowed: 1 to 64"),
            ("name: x\nextends: braid\nanswers-by-number: yes", "allowed: true, false"),
            ("name: x\nextends: braid\nthreads: 2", "threads is for fork"),
            ("name: x\nextends: braid\nfork: later", "allowed: outlines, block-opening, start"),
            ("name: x\nextends: braid\noutlines: \"\"", "outlines is missing"),
            ("name: x\nextends: braid\nreturns: Thread", "thread and returns have the same tag <Thread>"),
            ("name: x\nextends: braid\nreturns: ~", "returns is missing"),
            ("name: x\nextends: braid\nthread: <Thread>", "allowed: a name such as Thread"),
            ("name: x\nextends: braid\nthread: [a, b, c]", "thread has 3 tags"),
            ("name: x\nextends: braid\nthread: Branch", "thread-seed is"),
            ("name: x\nextends: braid\nthread-seed: [{tig: a}]", "neither a text nor {tag: ...}"),
            ("name: x\nextends: braid\nends: []", "ends is missing"),
            ("name: X Y\nextends: braid", "name is 'X Y'"),
            ("name: x\nextends: parathinker\nthreads: 9", "threads is 9"),
            ("name: x\nextends: parathinker\nthread: [\"<think{n}>\", \"</think>\"]", "{n} in both tags or in neither"),
            ("name: x\nextends: braid\nnumber-suffix: \"1\"", "number-suffix is '1'"),
        ])
    func errors(yaml: String, words: String) {
        let error = #expect(throws: DialectFileError.self) { try Self.dialect(yaml) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("mine.yaml") == true)
    }

    @Test("no bytes make it trap", arguments: 0..<300)
    func fuzz(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        let parts =
            DialectFile.keys + [
                ": ", "\n", "- ", "[", "]", "{tag: a}", "\"", "x", "7", "&a ", "*a", "~", "  ", "|", "!!int ",
            ]
        let yaml = (0..<40).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return parts[Int(state % UInt64(parts.count))]
        }.joined()
        do {
            _ = try Self.dialect("name: x\nextends: braid\n" + yaml)
        } catch {
            #expect(error is DialectFileError)
        }
    }

    @Test("a file of any length is refused above its limit")
    func tooLong() {
        let yaml = "name: " + String(repeating: "x", count: DialectFile.byteLimit)
        #expect(throws: DialectFileError.tooLong(source: "mine.yaml", limit: DialectFile.byteLimit)) {
            try Self.dialect(yaml)
        }
    }
}
