import Braid
import Testing

@Suite("Claims in returns are evaluated exactly")
struct ReturnCheckTests {
    @Test(
        "false equations are found",
        arguments: [
            ("8 * 3 = 25", "8 * 3 = 25"), ("so 2 + 2 = 5.", "2 + 2 = 5"), ("1 + 1 = 2 = 3 - 2", "2 = 3 - 2"),
            ("5 = 2 * 2", "5 = 2 * 2"), ("a; 7 / 2 = 3", "7 / 2 = 3"),
            ("total: (4 + 6) * 2 = 22 apples", "(4 + 6) * 2 = 22"),
            ("12 × 12 = 145", "12 × 12 = 145"), ("ok 2 * 3 = 6\n9 - 1 = 7", "9 - 1 = 7"),
        ])
    func found(text: String, equation: String) {
        #expect(ArithmeticCheck.falseEquation(in: text) == equation)
        let verdict = ArithmeticCheck().verdict(on: ReturnClaim(text), for: "q")
        #expect(verdict == .refuted("\(equation) is false"))
    }

    @Test(
        "what is true, or no arithmetic, says nothing",
        arguments: [
            "8 * 3 = 24", "x = 5", "3x + 2 = 14", "2y = 10", "x - 3 * 2 = 12", "= 4", "4 =", "", "a = b", "3 = 4",
            "1 / 3 = 0.33", "50 % = 0.5", "step 3 = 4", "2 + 2 = 4, fine", "7 / 2 = 7 / 2", "1/0 = 3", "none",
            "99999999999999999999 + 1 = 2", "2 + 3 = x", "f(2 + 3) = 6", "2^3 + 1 = 9", "n + 2 + 2 = 5",
            "1,000 + 1 = 1001",
            "((5 + 3) * 2) + 8", "2 + 2 = 5 x", "3.5 + 1 = 5", "4! + 1 = 5", "y (3 + 2) = 11",
        ])
    func nothing(text: String) {
        #expect(ArithmeticCheck.falseEquation(in: text) == nil)
        #expect(ArithmeticCheck().verdict(on: ReturnClaim(text), for: "q") == .unknown)
    }

    @Test("any text at all, and nothing traps", arguments: 0..<200)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("0123456789+-*/=() .,;x%\n²−×÷e")
        let text = String(
            (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "=" })
        if let found = ArithmeticCheck.falseEquation(in: text) { #expect(text.contains("=") && found.contains(" = ")) }
    }

    @Test("the same name with two values is a contradiction")
    func contradictions() {
        let found = ConsistencyCheck.contradictions(in: [
            "x = 5", "so y = 2; x = 10/2.", "x = 7\ny = 2", "y = 3 apples",
        ])
        #expect(found == [.init(results: [0, 2], objection: "x is 5 in one result and 7 in another")])
        #expect(ConsistencyCheck.contradictions(in: ["x = 5, x = 7"]).isEmpty)
        #expect(ConsistencyCheck.contradictions(in: []).isEmpty)
    }
}
