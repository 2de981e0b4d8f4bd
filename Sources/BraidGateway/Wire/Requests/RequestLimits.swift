/// What no request may exceed, whatever the server's configuration allows beyond that.
enum RequestLimits {
    /// Answers to one question.
    static let answers = 8
    /// Texts that end an answer.
    static let stops = 16
    /// Bytes of one such text.
    static let stopBytes = 256
    /// Token ids that end an answer.
    static let stopTokens = 256
    /// Alternatives to each token.
    static let topLogProbabilities = 20
    /// Messages of a conversation, and parts of one message.
    static let messages = 4096
    /// Prompts of one completion request.
    static let prompts = 64
    /// Token ids of one prompt; models with longer contexts are not known.
    static let promptTokens = 1 << 24
    /// Tokens to decode; what a ``/Braid/Budget`` can hold.
    static let tokens = 1 << 24
    /// Seconds that a request may ask for.
    static let seconds = 86400.0
    /// Bytes of a short text: a model's name, an identifier.
    static let nameBytes = 512
    /// Members of `metadata`.
    static let metadata = 64
}
