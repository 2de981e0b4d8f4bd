public import Braid

/// Checks what a thread returned against the number puzzle that was asked: an expression claims to solve it.
///
/// Only the question's own words are read, as ``QuestionCheck`` reads them; where they are no countdown puzzle, and for
/// returns that are no expression, nothing is said. Threads of threads may return parts of a solution, so theirs are not
/// looked at.
public struct PuzzleReturnCheck: ReturnCheck {
    /// Creates the check.
    public init() {}

    /// Whether the returned expression solves the puzzle.
    public func verdict(on claim: ReturnClaim, for question: Question) -> ReturnVerdict {
        guard claim.depth == 1, let value = CountdownCheck.value(of: claim.text),
            let used = CountdownCheck.operands(of: claim.text), used.count > 1,
            QuestionCheck.isCountdown(question.text)
        else { return .unknown }
        if QuestionCheck.verify(claim.text, for: question.text) == true { return .verified }
        return .refuted("\(claim.text) is \(value) and does not solve the puzzle")
    }
}
