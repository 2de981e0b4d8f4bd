internal import Braid
internal import CBraidKernels

/// A scoring call in progress. A class, because it is changed at every step; only the worker's thread has it.
final class ScoringCall {
    let reply: InferenceRequest.Reply<[LogProbability]>
    /// The tokens to be scored.
    let tokens: [TokenID]
    /// A context that shares the one asked about and takes the tokens, to be released afterwards; nil while it waits.
    var trial: ContextID?
    /// What is known so far.
    private(set) var scores: [LogProbability] = []

    init(reply: @escaping InferenceRequest.Reply<[LogProbability]>, tokens: [TokenID]) {
        self.reply = reply
        self.tokens = tokens
    }

    /// Begins again.
    func restart() {
        trial = nil
        scores = []
    }

    /// Scores the next token by the logits of the row before it.
    /// - Throws: ``EngineError/failed(_:)`` when the logits are not finite.
    func take(_ logits: UnsafeBufferPointer<Float>, kernels: Kernels) throws(EngineError) {
        guard scores.count < tokens.count, let base = logits.baseAddress else { return }
        let token = tokens[scores.count]
        let normaliser = kernels.log_sum_exp(base, logits.count, logits[kernels.argmax(base, logits.count)])
        guard normaliser.isFinite else {
            throw .failed("the model computed logits that are not finite; its weights are damaged")
        }
        scores.append(LogProbability(token: token, value: min(0, logits[Int(token)] - normaliser)))
    }
}
