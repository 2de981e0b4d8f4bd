import Braid
import BraidDialects
import Foundation
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

    private static func fixture() throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try String(contentsOf: folder.appendingPathComponent("subcalls.yaml"), encoding: .utf8)
    }

    @Test("messages of its own: the file says how lists, results and failures are written")
    func messages() throws {
        let dialect = try Self.dialect(try Self.fixture())
        let syntax = try #require(dialect.messages)
        #expect(
            syntax
                == MessageSyntax(
                    list: TagPair(open: "<Calls>", close: "<End Calls>"), message: "Call {n}: ",
                    joined: TagPair(open: "<Results>", close: "<End Results>"),
                    returned: "Result of call {n} ({message})", failed: "No result of call {n} ({message})",
                    childPrompt: TokenText([.control("<s>"), .text("Part of a task: {message}\n")]), marker: "Done"))
        #expect(dialect.answer == .message && dialect.shows == .returns && dialect.thread == nil)

        let text = "First.\n<Calls>\nCall 1: find x\nCall 2: find y\n<End Calls>\n"
        var parser = DialectParser(dialect)
        let events = parser.consume(text: text)
        #expect(events.contains(.outline(Outline(number: 1, text: "find x"))))
        #expect(events.contains(.outline(Outline(number: 2, text: "find y"))))
        #expect(events.last == .outlinesClosed && parser.malformedCount == 0)
        #expect(
            dialect.forkingText([Outline(number: 1, text: "find x")]).rendered
                == "<Calls>\nCall 1: find x\n<End Calls>\n")
        #expect(
            syntax.prompt(for: Outline(number: 1, text: "find x"), from: text)?.rendered
                == "<s>Part of a task: find x\n")
        let joined = dialect.joinedText([
            Dialect.JoinedThread(
                outline: Outline(number: 1, text: "find x"), returned: .text("x = 5"), content: [], isClosed: true),
            Dialect.JoinedThread(
                outline: Outline(number: 2, text: "find y"), returned: nil, content: [], isClosed: false),
        ])
        #expect(
            joined.rendered == """
                <Results>
                Result of call 1 (find x)
                x = 5
                No result of call 2 (find y)
                <End Results>

                """)
        #expect(syntax.returned(in: "so x is 5 Done\nx = 5\nDone") == "x = 5\nDone")
    }

    @Test("messages that extend those of another dialect change what the file says")
    func extendedMessages() throws {
        let dialect = try Self.dialect("name: x\nextends: apr\nmessages:\n  marker: Found")
        var syntax = try #require(Dialect.apr.messages)
        syntax.marker = "Found"
        #expect(dialect.forkPoint == .messages(syntax))
        #expect(try Self.dialect("name: x\nextends: apr").forkPoint == Dialect.apr.forkPoint)
    }

    @Test(
        "what is wrong with messages is named with its place and what is allowed",
        arguments: [
            ("  marker: \"Done\"", "  colour: red", "line 13, column 3: unknown key colour; allowed: list, message"),
            ("  marker: \"Done\"\n", "", "line 7, column 3: messages has no marker; it needs list, message"),
            ("  marker: \"Done\"", "  marker: \"\"", "messages.marker is ''"),
            ("  marker: \"Done\"", "  marker: Done\n  marker: Done", "duplicated key(s): 'marker'"),
            ("\"Call {n}: \"", "\"Call: \"", "messages.message is 'Call: '; allowed: one line with {n}"),
            ("\"Call {n}: \"", "\"{n}: \"", "messages.message is ''; allowed: 1 to 64 bytes"),
            ("\"Call {n}: \"", "[a]", "message must be a text"),
            (
                "\"No result of call {n} ({message})\"", "\"Result of call {n}\"",
                "messages.returned and messages.failed have"
            ),
            ("\"<End Results>\"", "\"<Calls>\"", "messages.list and messages.joined have the same tag <Calls>"),
            ("[\"<Calls>\", \"<End Calls>\"]", "[\"<Calls>\"]", "list has 1 tags"),
            ("Part of a task: {message}", "Part of a task", "messages.child-prompt is"),
            ("fork: messages", "fork: outlines\nthread: T", "messages is for fork messages only"),
            ("fork: messages", "fork: messages\nthreads: 2", "threads is for fork"),
            ("fork: messages", "fork: messages\nthread: T", "thread is there and cannot be used"),
            ("answer: message", "answer: Answer", "answer is tags; allowed: message or boxed"),
            ("shows: returns", "shows: whole-threads", "shows is whole-threads"),
            ("join: reprefill", "join: stitch", "join is stitch; allowed: reprefill"),
        ])
    func messageErrors(part: String, replacement: String, words: String) throws {
        let yaml = try Self.fixture().replacing(part, with: replacement)
        let error = #expect(throws: DialectFileError.self) { try Self.dialect(yaml) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("a dialect of messages needs them, and a dialect without them has no answer in one")
    func missingMessages() {
        for (yaml, words) in [
            ("name: x\nextends: braid\nfork: messages", "the key messages is missing"),
            ("name: x\nextends: apr\nmessages: ~", "messages must be a mapping of the keys list, message"),
            ("name: x\nextends: braid\nanswer: message", "answer is message; allowed: boxed"),
        ] {
            let error = #expect(throws: DialectFileError.self) { try Self.dialect(yaml) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
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
            ("name: x\nextends: braid\nfork: later", "allowed: outlines, messages, block-opening, start"),
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
