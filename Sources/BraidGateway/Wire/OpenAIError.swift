/// An error in OpenAI's form.
struct OpenAIError: Error, Sendable, Hashable {
    /// The HTTP status.
    var status: Int
    /// The kind of error, such as `invalid_request_error`.
    var type: String
    /// What is wrong, for programs.
    var code: String?
    /// The field that is wrong.
    var param: String?
    /// What is wrong and what to do, for people.
    var message: String
    /// Whether the client should try again; nil for what its library thinks.
    var shouldRetry: Bool?
    /// Seconds after which to try again.
    var retryAfter: Int?
    /// Methods that the address takes, for status 405.
    var allowedMethods: [String] = []

    /// The body that carries it.
    var body: [UInt8] {
        var error = JSONObject()
        error.add("message", message)
        error.add("type", type)
        error.add("param", param)
        error.add("code", code)
        var object = JSONObject()
        object.add("error", error)
        return object.bytes
    }
}

extension OpenAIError {
    /// A value that is not allowed, or a field that is missing.
    static func invalid(_ message: String, param: String?, code: String = "invalid_value") -> OpenAIError {
        OpenAIError(
            status: 400, type: "invalid_request_error", code: code, param: param, message: message, shouldRetry: false)
    }

    /// Something that is not offered here.
    static func unsupported(_ message: String, param: String?) -> OpenAIError {
        invalid(message, param: param, code: "unsupported_value")
    }

    /// A model that is not served.
    static func modelNotFound(_ name: String) -> OpenAIError {
        OpenAIError(
            status: 404, type: "invalid_request_error", code: "model_not_found", param: "model",
            message: "there is no model '\(name.prefix(200))'; GET /v1/models lists what is served", shouldRetry: false)
    }

    /// An address that does not exist.
    static func notFound(_ what: String) -> OpenAIError {
        OpenAIError(
            status: 404, type: "invalid_request_error", code: "not_found", message: what, shouldRetry: false)
    }

    /// An address that does not take this method.
    static func methodNotAllowed(_ method: String, allowed: [String]) -> OpenAIError {
        OpenAIError(
            status: 405, type: "invalid_request_error", code: "method_not_allowed",
            message: "\(method.prefix(20)) is not allowed here; allowed: \(allowed.joined(separator: ", "))",
            shouldRetry: false, allowedMethods: allowed)
    }

    /// A key that is missing or wrong.
    static let invalidKey = OpenAIError(
        // Some client libraries know it by OpenAI's first words alone.
        status: 401, type: "invalid_request_error", code: "invalid_api_key",
        message: "Incorrect API key provided, or none; send it as 'Authorization: Bearer KEY'", shouldRetry: false)

    /// A caller that may not ask from where it asks.
    static func forbidden(_ message: String, code: String) -> OpenAIError {
        OpenAIError(status: 403, type: "invalid_request_error", code: code, message: message, shouldRetry: false)
    }

    /// A body that is larger than allowed.
    static func bodyTooLarge(limit: Int) -> OpenAIError {
        OpenAIError(
            status: 413, type: "invalid_request_error", code: "request_too_large",
            message: "the request's body has more than \(limit) bytes; shorten it", shouldRetry: false)
    }

    /// A head that is larger than allowed.
    static func headTooLarge(bytes: Int, fields: Int) -> OpenAIError {
        OpenAIError(
            status: 431, type: "invalid_request_error", code: "headers_too_large",
            message: "the request's head has more than \(bytes) bytes or \(fields) fields; shorten it",
            shouldRetry: false)
    }

    /// A request that is not HTTP.
    static let malformedHTTP = OpenAIError(
        status: 400, type: "invalid_request_error", code: "malformed_http",
        message: "the request is not valid HTTP/1.1; check what sends it", shouldRetry: false)

    /// A body that does not arrive.
    static let bodyTimeout = OpenAIError(
        status: 408, type: "timeout", code: "request_timeout",
        message: "the request's body did not arrive in time; send it again", shouldRetry: true)

    /// A body in an encoding or form that is not read.
    static func unsupportedMedia(_ message: String) -> OpenAIError {
        OpenAIError(
            status: 415, type: "invalid_request_error", code: "unsupported_media_type", message: message,
            shouldRetry: false)
    }

    /// More requests than one key may have.
    static func rateLimited(retryAfter: Int) -> OpenAIError {
        OpenAIError(
            status: 429, type: "rate_limit_error", code: "rate_limit_exceeded",
            message: "this key has as many requests under way as it may have; try again in \(retryAfter) s",
            shouldRetry: true, retryAfter: retryAfter)
    }

    /// More requests than fit the queue.
    static func overloaded(retryAfter: Int) -> OpenAIError {
        OpenAIError(
            status: 503, type: "server_error", code: "server_is_overloaded",
            message: "all places and the queue are taken; try again in \(retryAfter) s", shouldRetry: true,
            retryAfter: retryAfter)
    }

    /// A server that is about to end.
    static let shuttingDown = OpenAIError(
        status: 503, type: "server_error", code: "shutting_down",
        message: "the server is shutting down; try again, another one may answer", shouldRetry: true, retryAfter: 1)

    /// Engines of which no server can be reached.
    static let unreachable = OpenAIError(
        status: 503, type: "server_error", code: "backend_unavailable",
        message: "no server of any model can be reached; see braid_backend_up in /metrics", shouldRetry: true,
        retryAfter: 1)

    /// A run that somebody stopped.
    static let cancelled = OpenAIError(
        status: 409, type: "conflict", code: "run_cancelled", message: "the run was cancelled", shouldRetry: false)

    /// A client that does not read what it asked for.
    static let stalled = OpenAIError(
        status: 408, type: "timeout", code: "client_stalled", message: "the client did not read its answer",
        shouldRetry: false)

    /// A run in which nothing happened for too long.
    static func idle(seconds: Int) -> OpenAIError {
        OpenAIError(
            status: 504, type: "timeout", code: "upstream_timeout",
            message: "the model gave no token for \(seconds) s", shouldRetry: false)
    }

    /// Work that took longer than any may.
    static func deadline(seconds: Int) -> OpenAIError {
        OpenAIError(
            status: 504, type: "timeout", code: "upstream_timeout",
            message: "there was no end after \(seconds) s; ask for fewer tokens", shouldRetry: false)
    }

    /// An engine that failed.
    static func upstream(_ message: String) -> OpenAIError {
        OpenAIError(
            status: 502, type: "upstream_error", code: "upstream_error", message: message, shouldRetry: false)
    }

    /// A fault of this program's.
    static let internalError = OpenAIError(
        status: 500, type: "server_error", code: "internal_error",
        message: "something went wrong inside the server; its log says what", shouldRetry: false)
}
