internal import Braid

/// Reads the stream of `/v1/completions`, as OpenAI, vLLM and others write it.
///
/// The end is told only at `[DONE]`: an error may still come after the chunk that has a finish reason, and vLLM writes
/// `[DONE]` after an error too. Some servers never write it, Transformers' among them; of theirs, a finish reason and the
/// end of the body make a whole stream.
struct CompletionStreamReader: GenerationReader {
    private struct Chunk: Decodable {
        var choices: [Choice]?
        var usage: WireUsage?
    }

    private struct Choice: Decodable {
        private enum CodingKeys: String, CodingKey {
            case index, text
            case tokens = "token_ids"
            case finishReason = "finish_reason"
            case stopReason = "stop_reason"
            case matchedStop = "matched_stop"
        }

        var index: Int?
        var text: String?
        var tokens: [TokenID]?
        var finishReason: String?
        var stopReason: WireStop?
        var matchedStop: WireStop?
    }

    /// Text of the prompt that an engine may wrongly put before the first delta; nil where it cannot be told apart.
    private let promptText: String?
    private let asksForTokens: Bool
    /// Whether the engine always writes `[DONE]`.
    private let needsDone: Bool
    private var end: GenerationEnd?
    private var isDone = false
    private var isFirst = true

    init(promptText: String? = nil, asksForTokens: Bool, needsDone: Bool) {
        self.promptText = promptText
        self.needsDone = needsDone
        self.asksForTokens = asksForTokens
    }

    mutating func read(_ event: ServerSentEvent) throws(GenerationFailure) -> [GenerationEvent] {
        guard !isDone else { return [] }
        if event.data.starts(with: "[DONE]".utf8) {
            isDone = true
            guard let end else { throw GenerationFailure(.truncated, "[DONE] without a finish reason") }
            return [.end(end)]
        }
        try WireError.check(event.data)
        let chunk = try WireJSON.decode(Chunk.self, from: event.data)
        var events: [GenerationEvent] = []
        if let choice = chunk.choices?.first(where: { ($0.index ?? 0) == 0 }), end == nil {
            let text = withoutPrompt(choice.text ?? "")
            if !text.isEmpty || choice.tokens?.isEmpty == false {
                events.append(.chunk(text: text, tokens: asksForTokens ? choice.tokens : nil))
            }
            if let reason = choice.finishReason {
                end = try WireStop.end(reason, matched: choice.stopReason ?? choice.matchedStop)
            }
        }
        if let usage = chunk.usage { events.append(.usage(usage.usage)) }
        return events
    }

    mutating func finish() throws(GenerationFailure) -> [GenerationEvent] {
        if isDone { return [] }
        guard let end else { throw GenerationFailure(.truncated, "no finish reason") }
        guard !needsDone else { throw GenerationFailure(.truncated, "no [DONE] after its finish reason") }
        isDone = true
        return [.end(end)]
    }

    /// vLLM puts the whole prompt before the first text when a prompt of ids ends inside a character.
    private mutating func withoutPrompt(_ text: String) -> String {
        guard isFirst, !text.isEmpty else { return text }
        isFirst = false
        guard let promptText, promptText.utf8.count > 16, text.utf8.starts(with: promptText.utf8) else { return text }
        return String(decoding: text.utf8.dropFirst(promptText.utf8.count), as: UTF8.self)
    }
}
