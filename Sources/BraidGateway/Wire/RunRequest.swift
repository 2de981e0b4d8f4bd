import Braid

/// What any route asks of a run, whatever the route's own form.
struct RunRequest: Sendable, Hashable {
    /// What the request calls the model, a way to reason perhaps included.
    var model: String
    /// The conversation; what is asked is its last message of the user.
    var messages: [Prompt.Message]
    /// Whether the answer is streamed.
    var isStreaming = false
    /// Whether a stream tells its usage.
    var includesUsage = false
    /// Most tokens of all lines together; nil for what the server allows.
    var maximumTokens: Int?
    /// Divides the logits; nil for the method's own.
    var temperature: Double?
    /// Keeps the smallest set of tokens whose probability reaches this.
    var topP: Double?
    /// Keeps the k likeliest tokens.
    var topK: Int?
    /// Drops tokens less likely than this share of the likeliest one.
    var minP: Double?
    /// Divides positive and multiplies negative logits of tokens already in the context; 1 is off.
    var repetitionPenalty: Double?
    /// Decides every draw.
    var seed: UInt64?
    /// Texts that end the visible answer.
    var stops: [String] = []
    /// Whether the model is not to reason in threads: one line of thought.
    var isPlain = false
    /// What the request says besides.
    var options = RunOptions()
    /// Names of fields that are not used here.
    var ignoredFields: [String] = []
}
