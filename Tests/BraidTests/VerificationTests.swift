import Braid
import Testing

@Suite("Answers: extracting, voting, computing")
struct VerificationTests {
    @Test(
        "exact values",
        arguments: [
            ("1 + 2 * 3", "7"), ("(1+2)*3", "9"), ("7 ÷ 2 × 4", "14"), ("1/3 + 1/6", "1/2"), ("-3 - -4", "1"),
            ("25*(7+3)*3+15", "765"), ("((((8))))", "8"), ("9223372036854775807", "9223372036854775807"),
            ("2 − 5", "-3"), ("9223372036854775807 / 9223372036854775807", "1"),
        ])
    func values(expression: String, value: String) throws {
        #expect(try ExpressionEvaluator(expression).value.description == value)
    }

    @Test("the numbers that were used")
    func numbers() throws {
        #expect(try ExpressionEvaluator("25 * (7 + 3) - -25").numbers == [25, 7, 3, 25])
    }

    @Test(
        "errors, never traps",
        arguments: [
            ("1/0", ExpressionError.divisionByZero(position: 2)),
            ("9223372036854775808", .overflow(position: 1)),
            ("9223372036854775807 + 1", .overflow(position: 21)),
            ("3037000500 * 3037000500", .overflow(position: 12)),
            ("(1", .unexpected(found: "the end", expected: "a closing bracket", position: 3)),
            ("1 2", .unexpected(found: "“2”", expected: "an operator or the end", position: 3)),
            ("", .unexpected(found: "the end", expected: "a number or an opening bracket", position: 1)),
            ("x", .unexpected(found: "“x”", expected: "a number or an opening bracket", position: 1)),
        ])
    func errors(expression: String, error: ExpressionError) {
        #expect(throws: error) { try ExpressionEvaluator(expression) }
    }

    @Test("length and depth are bounded")
    func bounds() {
        #expect(throws: ExpressionError.tooDeep(limit: 64)) {
            try ExpressionEvaluator(String(repeating: "(", count: 4000))
        }
        #expect(throws: ExpressionError.tooDeep(limit: 64)) {
            try ExpressionEvaluator(String(repeating: "-", count: 4000) + "1")
        }
        #expect(throws: ExpressionError.tooLong(characters: 5000, limit: 4096)) {
            try ExpressionEvaluator(String(repeating: "1", count: 5000))
        }
    }

    @Test("random expressions agree with exact arithmetic or report overflow", arguments: 0..<200)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = ["(", ")", "+", "-", "*", "/", "×", "0", "7", "99999999999", " ", "9223372036854775807"]
        let text = (0..<30).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        do {
            let value = try ExpressionEvaluator(text).value
            #expect(value.denominator > 0, "seed \(seed)")
        } catch {
            // An error that says why is as good as a value.
        }
    }

    @Test("fractions at the edges")
    func fractions() {
        #expect(Rational(.min, over: -1) == nil)
        #expect(Rational(.min, over: 1)?.numerator == .min)
        #expect(Rational(1, over: .min) == nil)
        #expect(Rational(.min, over: .min) == Rational(1))
        #expect(Rational(0, over: -5) == Rational(0))
        #expect(Rational(1, over: 0) == nil)
        #expect(Rational(.min).subtracting(Rational(1)) == nil)
        #expect(Rational(.min).divided(by: Rational(-1)) == nil)
        #expect(Rational(6, over: 4)?.description == "3/2")
    }

    @Test("the answer after the thinking, in balanced braces")
    func boxed() {
        let extractor = AnswerExtractor(.threadWeaver)
        #expect(extractor.answer(tagged: nil, in: "<think>\\boxed{1}</think> \\boxed{\\frac{1}{2}}.") == "\\frac{1}{2}")
        #expect(extractor.answer(tagged: nil, in: "<think>\\boxed{1}") == nil)
        #expect(extractor.answer(tagged: nil, in: "<think></think>\\boxed{1} \\boxed{2") == "1")
        #expect(extractor.answer(tagged: nil, in: "\\boxed{ 3 }") == "3")
        #expect(extractor.answer(tagged: nil, in: "\\boxed{") == nil)
        #expect(extractor.answer(tagged: nil, in: "") == nil)
        #expect(AnswerExtractor(.braid).answer(tagged: " 42 ", in: "") == "42")
        #expect(AnswerExtractor(.braid).answer(tagged: "  ", in: "") == nil)
    }

    @Test("votes count equal answers, and the first of equals wins")
    func vote() {
        let vote = Vote(["7", " 1,234 ", "1234.", "8", "$1234"])
        #expect(vote.winner == " 1,234 ")
        #expect(vote.votes == 3 && vote.voters == 5)
        #expect(Vote(["b", "a"]).winner == "b")
        #expect(Vote([]).winner == nil)
        #expect(Vote.normalised("(1,2)") == "(1,2)")
        #expect(Vote.normalised("1,23") == "1,23")
    }
}
