/// Bodies of chat completions that ask the model `m`.
enum ChatBody {
    /// Wants its answer whole.
    static let question = #"{"model": "m", "messages": [{"role": "user", "content": "how many?"}]}"#
    /// The same question, as a stream with its usage.
    static let streaming =
        #"{"model": "m", "stream": true, "stream_options": {"include_usage": true}, "#
        + #""messages": [{"role": "user", "content": "how many?"}]}"#
    /// Goes on to the model's own server.
    static let passedOn = #"{"model": "m:passthrough", "messages": [{"role": "user", "content": "?"}]}"#
}
