import Foundation
import Testing

@testable import BraidCLI

@Suite("Text for terminals")
struct SafeTextTests {
    @Test("control characters and direction overrides are replaced")
    func replaces() {
        let harmful = "a\u{1B}[31mb\u{7F}\u{9B}c\u{202E}d\u{0}"
        #expect(SafeText.line(harmful) == "a\u{FFFD}[31mb\u{FFFD}\u{FFFD}c\u{FFFD}d\u{FFFD}")
        #expect(SafeText.line("a\tb\r\nc\u{2028}d") == "a b  c d")
        #expect(SafeText.block("a\tb\r\nc\rd\ne") == "a\tb\nc\u{FFFD}d\ne")
        #expect(SafeText.line("naïve 漢字 👩‍👩‍👧") == "naïve 漢字 👩‍👩‍👧")
    }

    @Test("columns are counted as terminals do, never too few")
    func columns() {
        #expect("abc".columns == 3)
        #expect("漢字".columns == 4)
        #expect("e\u{301}".columns == 1)
        #expect("🙂".columns == 2)
        #expect("✓●○✗…".columns == 5)
        #expect("abcdef".head(columns: 4) == "abc…")
        #expect("abcdef".tail(columns: 4) == "…def")
        #expect("漢字漢字".head(columns: 4) == "漢…")
        #expect("漢字漢字".tail(columns: 4) == "…字")
        #expect("abc".head(columns: 0).isEmpty)
        #expect("ab".padded(to: 4) == "ab  ")
        #expect("ab".paddedLeft(to: 4) == "  ab")
    }

    @Test("the size of what is no terminal comes from COLUMNS and LINES, when these make sense")
    func size() {
        func size(_ environment: [String: String]) -> Terminal.Size { Terminal.size(of: -1, environment: environment) }
        #expect(size([:]) == Terminal.Size(columns: 80, rows: 24))
        #expect(size(["COLUMNS": "132", "LINES": "50"]) == Terminal.Size(columns: 132, rows: 50))
        #expect(size(["COLUMNS": "-1", "LINES": "many"]) == Terminal.Size(columns: 80, rows: 24))
    }

    @Test("bytes that are no text are found")
    func utf8() throws {
        #expect(try UTF8Text.decode(Data("é".utf8), from: "x") == "é")
        #expect(throws: InputError.notUTF8(source: "x", offset: 2)) {
            try UTF8Text.decode(Data([0xC3, 0xA9, 0xFF]), from: "x")
        }
    }
}
