import Braid
import Testing

@testable import BraidCLI

@Suite("Lanes on a terminal")
struct LaneScreenTests {
    private static func token(_ text: String, _ thread: String) -> ReasoningEvent {
        .token(thread: thread, token: DecodedToken(id: 0, text: text))
    }

    /// A board in the middle of a run: two threads, one of them done, a third waiting for it.
    private static var board: LaneBoard {
        var board = LaneBoard()
        board.take(.runStarted(question: "Use 3, 7 and 25 to make 765", method: "adaptive", model: "m"))
        for word in ["I", " split", " this"] { board.take(token(word, "0")) }
        let outlines = [
            Outline(number: 1, text: " 3 * 7"), Outline(number: 2, text: " 25 - 7"),
            Outline(number: 3, after: [1, 2], text: " combine"),
        ]
        board.take(.forked(thread: "0", outlines: outlines, into: ["0.1", "0.2", "0.3"]))
        board.take(.threadStarted(thread: "0.1", outline: outlines[0]))
        board.take(.threadStarted(thread: "0.2", outline: outlines[1]))
        for word in ["25", " - 7", " = 18"] { board.take(token(word, "0.2")) }
        board.take(token("21", "0.1"))
        board.take(.threadFinished(thread: "0.1", outcome: .finished, returned: "21"))
        return board
    }

    private static func lines(_ board: LaneBoard, columns: Int, rows: Int = 24, colour: Bool = false) -> [String] {
        LaneScreen(Terminal.Size(columns: columns, rows: rows), hasColour: colour).lines(board)
    }

    @Test("each thread has a line with its state, tokens, outline and text")
    func golden() {
        #expect(
            Self.lines(Self.board, columns: 72) == [
                "● 0      3  Use 3, 7 and 25 to mak…  waits for 3 threads",
                "✓ 0.1    1  3 * 7                    → 21",
                "● 0.2    3  25 - 7                   25 - 7 = 18",
                "○ 0.3    0  combine                  waits for 1, 2",
            ])
    }

    @Test("text is cut at its beginning, titles at their end")
    func narrow() {
        var board = Self.board
        board.take(Self.token(" and on and on", "0.2"))
        #expect(
            Self.lines(board, columns: 40) == [
                "● 0      3  Use 3, 7 …  waits for 3 th…",
                "✓ 0.1    1  3 * 7       → 21",
                "● 0.2    4  25 - 7      … and on and on",
                "○ 0.3    0  combine     waits for 1, 2",
            ])
    }

    @Test("no line is wider than the window", arguments: [1, 2, 5, 12, 20, 33, 80, 300])
    func width(columns: Int) {
        var board = Self.board
        board.take(Self.token(String(repeating: "漢字🙂e\u{301}", count: 100), "0.2"))
        for line in Self.lines(board, columns: columns) {
            #expect(line.columns <= max(1, columns - 1), "\(line)")
        }
    }

    @Test("256 threads are folded into the rows there are, those that think first", arguments: [3, 10, 24, 80])
    func folding(rows: Int) {
        var board = LaneBoard()
        board.take(.runStarted(question: "q", method: "adaptive", model: "m"))
        let outlines = (1...256).map { Outline(number: $0, text: " part \($0)") }
        let ids = outlines.map { "0.\($0.number)" }
        board.take(.forked(thread: "0", outlines: outlines, into: ids))
        for index in 0..<200 { board.take(.threadStarted(thread: ids[index], outline: outlines[index])) }
        for index in 0..<198 { board.take(.threadFinished(thread: ids[index], outcome: .finished, returned: nil)) }
        let lines = Self.lines(board, columns: 80, rows: rows)
        #expect(lines.count == max(3, rows - 2))
        #expect(lines.first?.contains("waits for 256 threads") == true)
        #expect(lines.last?.hasPrefix("… ") == true)
        if rows >= 10 {
            #expect(lines.contains { $0.contains("0.199") })
            #expect(lines.contains { $0.contains("0.200") })
        }
        #expect(rows != 10 || lines.last == "… 250 more: 56 waiting, 194 finished", "\(lines)")
    }

    @Test("colour is only there where it may be")
    func colour() {
        #expect(Self.lines(Self.board, columns: 80).allSatisfy { !$0.contains("\u{1B}") })
        #expect(Self.lines(Self.board, columns: 80, colour: true).first?.hasPrefix("\u{1B}[33m●\u{1B}[0m 0") == true)
    }

    @Test("what a model writes cannot steer the terminal")
    func harmless() {
        var board = Self.board
        board.take(Self.token("\u{1B}[2J\u{07}\r\n\u{9B}31m\u{202E}", "0.2"))
        board.take(.threadFinished(thread: "0.1", outcome: .failed("\u{1B}]0;x"), returned: "\u{1B}c"))
        for line in Self.lines(board, columns: 120) {
            #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(line)")
            #expect(!line.contains("\u{202E}"))
        }
    }

    @Test("a nested thread stands below its parent and before the next one")
    func nesting() {
        var board = Self.board
        let inner = [Outline(number: 1, text: " a"), Outline(number: 2, text: " b")]
        board.take(.forked(thread: "0.2", outlines: inner, into: ["0.2.1", "0.2.2"]))
        #expect(board.lanes.map(\.id) == ["0", "0.1", "0.2", "0.2.1", "0.2.2", "0.3"])
        board.take(.joined(thread: "0.2", threads: ["0.2.1", "0.2.2"], tokens: 4))
        #expect(board["0.2"]?.text.hasSuffix("[2 threads joined] ") == true)
    }

    @Test("a frame goes back over the lines it replaces, also those that a narrower window wrapped")
    func frames() {
        #expect(LaneDisplay.frame(["a"], over: [], columns: 80) == "a\u{1B}[K\n\u{1B}[J")
        #expect(
            LaneDisplay.frame(["a", "b"], over: [10, 0], columns: 80)
                == "\u{1B}[2A\ra\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        #expect(LaneDisplay.frame(["a"], over: [10, 5], columns: 5).hasPrefix("\u{1B}[3A\r"))
    }
}
