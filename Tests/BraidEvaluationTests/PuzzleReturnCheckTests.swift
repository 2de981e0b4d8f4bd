import Braid
import BraidEvaluation
import Testing

@Suite("Returns are checked against the puzzle that was asked")
struct PuzzleReturnCheckTests {
    static let puzzle: Question = "Use 3, 7, 25 and 50 to make 765"

    @Test(
        "verdicts",
        arguments: [
            ("(25 - 7) * 50 - 3 * 45", 1, false), ("((50 - 25) * 7) - 3", 1, false), ("none", 1, nil), ("765", 1, nil),
            ("x = 5", 1, nil), ("50 + 25", 2, nil), ("50 + 25", 1, false),
        ] as [(String, Int, Bool?)])
    func verdicts(text: String, depth: Int, isRight: Bool?) {
        let verdict = PuzzleReturnCheck().verdict(on: ReturnClaim(text, depth: depth), for: Self.puzzle)
        switch verdict {
        case .unknown: #expect(isRight == nil)
        case .verified: #expect(isRight == true)
        case .refuted(let why): #expect(isRight == false && why.contains(text))
        }
    }

    @Test("a right one is verified, and other families say nothing")
    func others() {
        let check = PuzzleReturnCheck()
        #expect(check.verdict(on: ReturnClaim("(8 - 5) * (3 + 5)"), for: "Make 24 from 8, 5, 3 and 5") == .verified)
        #expect(check.verdict(on: ReturnClaim("8 * 6"), for: "What is 8 * 6?") == .unknown)
        #expect(check.verdict(on: ReturnClaim("2 + 3"), for: "If 2x + 3 = 7 and y - 1 = 4, what is x + y?") == .unknown)
    }
}
