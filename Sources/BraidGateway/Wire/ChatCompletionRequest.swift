import Braid
import Foundation

/// A request of `/v1/chat/completions`.
struct ChatCompletionRequest {
    /// What it asks of a run.
    var run: RunRequest
    /// Whether it brings tools, which only a model's own server can call.
    var hasTools: Bool

    /// Reads a request's body.
    /// - Throws: an error of status 400 that names the field.
    init(_ body: [UInt8]) throws(OpenAIError) {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: Data(body))
        } catch {
            throw .invalid("the body is not JSON: \(error.localizedDescription)", param: nil, code: "invalid_json")
        }
        guard let fields = value as? [String: Any] else {
            throw .invalid("the body is not a JSON object", param: nil, code: "invalid_type")
        }
        guard let model = fields["model"] as? String else {
            throw .invalid("model is missing; GET /v1/models lists what is served", param: "model")
        }
        guard let messages = fields["messages"] as? [[String: Any]], !messages.isEmpty else {
            throw .invalid("messages is missing, empty, or not a list of objects", param: "messages")
        }
        hasTools = ["tools", "functions"].contains { (fields[$0] as? [Any])?.isEmpty == false }
        run = RunRequest(model: model, messages: [])
        for (index, message) in messages.enumerated() { run.messages.append(try Self.message(message, index)) }
        run.isStreaming = fields["stream"] as? Bool ?? false
        run.includesUsage = (fields["stream_options"] as? [String: Any])?["include_usage"] as? Bool ?? false
        run.maximumTokens = fields["max_completion_tokens"] as? Int ?? fields["max_tokens"] as? Int
        run.temperature = fields["temperature"] as? Double
        run.topP = fields["top_p"] as? Double
        run.topK = fields["top_k"] as? Int
        run.minP = fields["min_p"] as? Double
        run.seed = (fields["seed"] as? Int).map { UInt64(bitPattern: Int64($0)) }
        run.stops = fields["stop"] as? [String] ?? (fields["stop"] as? String).map { [$0] } ?? []
        run.isPlain = fields["reasoning_effort"] as? String == "none"
        if let options = fields["braid"] as? [String: Any] { run.options = try Self.options(options) }
    }

    private static func message(_ message: [String: Any], _ index: Int) throws(OpenAIError) -> Prompt.Message {
        let role: Prompt.Message.Role
        switch message["role"] as? String {
        case "system", "developer": role = .system
        case "user": role = .user
        case "assistant": role = .assistant
        default:
            throw .invalid(
                "messages[\(index)].role is not one of system, developer, user, assistant",
                param: "messages[\(index)].role")
        }
        if let text = message["content"] as? String { return Prompt.Message(role, text) }
        guard let parts = message["content"] as? [[String: Any]] else {
            throw .invalid("messages[\(index)].content is not text", param: "messages[\(index)].content")
        }
        var text = ""
        for part in parts {
            guard part["type"] as? String == "text", let piece = part["text"] as? String else {
                throw .unsupported(
                    "messages[\(index)].content has a part that is not text", param: "messages[\(index)].content")
            }
            text += piece
        }
        return Prompt.Message(role, text)
    }

    private static func options(_ fields: [String: Any]) throws(OpenAIError) -> RunOptions {
        var options = RunOptions()
        options.method = fields["method"] as? String
        options.maximumThreads = fields["max_threads"] as? Int
        options.maximumDepth = fields["max_depth"] as? Int
        options.maximumTotalTokens = fields["max_total_tokens"] as? Int
        options.maximumThreadTokens = fields["max_thread_tokens"] as? Int
        options.timeout = fields["timeout_s"] as? Double
        options.threadTimeout = fields["thread_timeout_s"] as? Double
        options.settings.samples = fields["samples"] as? Int
        options.settings.workers = fields["workers"] as? Int
        options.checksJoins = fields["check_joins"] as? Bool ?? false
        options.steers = fields["steer"] as? Bool ?? false
        options.caches = fields["cache"] as? Bool ?? true
        options.reasoning = (fields["reasoning"] as? String).flatMap(RunOptions.Reasoning.init) ?? .both
        options.order = (fields["order"] as? String).flatMap(RunOptions.Order.init) ?? .canonical
        return options
    }
}
