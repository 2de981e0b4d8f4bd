import Testing

@testable import BraidInference

struct SplitPatternTests {
    private func pieces(_ pattern: SplitPattern, _ text: String) -> [String] {
        var pieces: [String] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            pattern.forEachPiece(of: bytes) { pieces.append(String(decoding: $0, as: UTF8.self)) }
        }
        return pieces
    }

    @Test(
        "a scanner cuts as its pattern does",
        arguments: [
            SplitPattern.gpt2Pattern, SplitPattern.llama3Pattern, SplitPattern.qwen2Pattern,
            SplitPattern.shortNumbersPattern,
        ])
    func scannersEqualPatterns(pattern: String) throws {
        let scanner = try SplitPattern(pattern)
        if case .expression = scanner { Issue.record("no scanner for \(pattern)") }
        let expression = SplitPattern.expression(try RegularExpression(pattern))
        var texts = try FamilyFixture.Texts(seed: 99, tags: ["<|x|>", "'Ll", "'\u{17F}", " 1234"])
        for _ in 0..<5_000 {
            let text = texts.text()
            let expected = pieces(expression, text)
            #expect(expected.joined().utf8.elementsEqual(text.utf8))
            #expect(
                pieces(scanner, text).elementsEqual(expected) { $0.utf8.elementsEqual($1.utf8) },
                "\(text.debugDescription)")
        }
    }

    @Test("an expression cuts as Oniguruma does, empty matches included")
    func emptyMatchesCut() throws {
        // Written down from tokenizers 0.23.3: pre_tokenizers.Split(Regex(pattern), "isolated").pre_tokenize_str(text)
        let text = "the th\ne"
        func cut(_ pattern: String) throws -> [String] { pieces(.expression(try RegularExpression(pattern)), text) }
        #expect(try cut("x*") == text.unicodeScalars.map(String.init))
        #expect(try cut("(?=q)") == [text])
        #expect(try cut(#"[^\s\S]"#) == [text])
        #expect(try cut("(?=h)") == ["t", "he t", "h\ne"])
        #expect(try cut("$") == ["the th", "\ne"])
        #expect(try cut("^") == ["the th\n", "e"])
    }

    @Test(
        "patterns that take a backtracking matcher for ever end",
        arguments: ["(?:a+)+b", "(?:a|a)+b", "(?:a|aa)+$b", "a*a*a*a*a*a*b", "(?:(?:a+)+)+c", "(?=a*b)a|c"])
    func hostilePatternsEnd(pattern: String) throws {
        let text = String(repeating: "a", count: 20_000)
        let start = ContinuousClock.now
        #expect(pieces(.expression(try RegularExpression(pattern)), text).joined() == text)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test(
        "what is no pattern, or one of a kind that is not supported, is refused",
        arguments: [
            "", "(", ")", "a)", "[", "[]", "[z-a]", "*", "a**", "(?<n>a)", "(?<=ab)c", #"\w"#, #"\p{Han}"#, #"\p"#,
            #"\1"#,
            "a{5,2}", "a{9999}", "[a[b]]", "[a&&b]", "(?:a*)*", #"\x{110000}"#, #"\u12"#, "(?>a)", "(?i:é)",
            "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((",
            "(?:(?:(?:(?:a{1000}){1000}){1000}){1000}){1000}",
        ])
    func otherPatternsAreRefused(pattern: String) {
        #expect(throws: RegularExpression.Failure.self) { try RegularExpression(pattern) }
    }
}
