/// The APR method (arXiv 2504.15466, section 3.2): `spawn(messages)` and `join(message)` in plain text.
///
/// After its inference code (`eval_apr.py`, lines 187-255; `parallel_infernce_utils.py`): a call that ends with a list of
/// nodes spawns one child for each; a child is asked with its node's state alone and decodes to its end; what follows its
/// last "Goal Reached" but one is what it hands back; the next call of the parent has the list taken out and the
/// children's results in its place. A parent that begins to write such results itself is put back to the beginning of a
/// list. Children do not spawn. The answer is the path that the parent hands back in the same way.
///
/// Deviations:
/// - An exception in a child makes that child a failure; theirs makes the problem one.
/// - 16 children run at once there; here as many as the budget grants.
/// - `Token Budget: B` of token-conditioned models is not offered.
/// - Calls of 4096 tokens are the run's budget per thread.
public struct AdaptiveSpawnJoin: ReasoningMethod {
    /// `apr`.
    public let name = "apr"
    /// The dialect it speaks.
    public let dialect: Dialect

    /// Creates the method.
    /// - Parameters:
    ///   - subCallBudget: children per spawning call, told to models that are conditioned on it (`Sub Call Budget: N`); nil
    ///     for others. 0...256.
    ///   - dialect: ``Dialect/apr``, or the same structure in another frame.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)``.
    public init(subCallBudget: Int? = nil, dialect: Dialect = .apr) throws(RunError) {
        var dialect = dialect
        if let subCallBudget {
            guard (0...256).contains(subCallBudget) else {
                throw .invalidOption(name: "sub-call budget", value: subCallBudget, allowed: 0...256)
            }
            dialect.promptStart = dialect.promptStart.inserting("Sub Call Budget: \(subCallBudget) ")
        }
        self.dialect = dialect
    }

    /// Decodes the parent, call by call, with everything that it spawns.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        try await Adaptive(dialect: dialect).answer(question, in: run)
    }
}

extension TokenText {
    /// The text with this before its first plain piece.
    fileprivate func inserting(_ start: String) -> TokenText {
        var pieces = self.pieces
        let index = pieces.firstIndex { if case .text = $0 { true } else { false } }
        guard let index, case .text(let text) = pieces[index] else { return self + TokenText([.text(start)]) }
        pieces[index] = .text(start + text)
        return TokenText(pieces)
    }
}
