internal import Braid

extension OpenAIError {
    /// A body that is no JSON.
    static func invalidJSON(_ what: String, line: Int, column: Int) -> OpenAIError {
        .invalid(
            "the body is no valid JSON at line \(line), column \(column): \(what)", param: nil, code: "invalid_json")
    }

    /// A value of the wrong type.
    static func invalidType(_ param: String, found: String, wanted: String) -> OpenAIError {
        param.isEmpty
            ? .invalid("the body must be \(wanted), and is \(found)", param: nil, code: "invalid_type")
            : .invalid("\(param) must be \(wanted), and is \(found)", param: param, code: "invalid_type")
    }

    /// A value that is not taken.
    static func unsupportedValue(_ param: String, _ what: String, allowed: String) -> OpenAIError {
        .unsupported("\(param) \(what); allowed: \(allowed)", param: param)
    }

    /// A field that cannot be served.
    static func unsupportedField(_ param: String, _ why: String) -> OpenAIError {
        .unsupported("\(param) \(why)", param: param)
    }

    /// A field that is missing.
    static func missing(_ param: String) -> OpenAIError {
        .invalid("\(param) is missing", param: param, code: "missing_required_parameter")
    }

    /// A prompt that leaves no room.
    static func contextTooLong(tokens: Int, limit: Int, param: String) -> OpenAIError {
        // Client libraries know this error by words that OpenAI and vLLM use.
        .invalid(
            "Input tokens exceed the configured limit: \(param) has \(tokens), and this model's maximum context length is "
                + "\(limit); shorten it", param: param, code: "context_length_exceeded")
    }
}
