/// One of several whole answers.
struct SampledAnswer: Sendable {
    var answer: Answer
    /// Everything that was written.
    var text: String
    /// Mean over its tokens; nil when the engine gives none.
    var meanLogProbability: Double?
    /// The call it came from; nil for one in a dialect's frame.
    var call: Completion?
}
