/// Reads the stream of `/v1/chat/completions`. What a service shows of its reasoning is not part of the answer and is left
/// out; where a form was asked for, the arguments of the first call are the answer.
struct ChatStreamReader: GenerationReader {
    private struct Chunk: Decodable {
        var choices: [Choice]?
        var usage: WireUsage?
    }

    private struct Choice: Decodable {
        private enum CodingKeys: String, CodingKey {
            case index, delta
            case finishReason = "finish_reason"
            case stopReason = "stop_reason"
        }

        var index: Int?
        var delta: Delta?
        var finishReason: String?
        var stopReason: WireStop?
    }

    private struct Delta: Decodable {
        private enum CodingKeys: String, CodingKey {
            case content
            case calls = "tool_calls"
        }

        var content: String?
        var calls: [Call]?
    }

    private struct Call: Decodable {
        struct Function: Decodable {
            var arguments: String?
        }

        var index: Int?
        var function: Function?
    }

    private let readsCalls: Bool
    private var end: GenerationEnd?
    private var isDone = false

    init(readsCalls: Bool = false) {
        self.readsCalls = readsCalls
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
            let calls = readsCalls ? choice.delta?.calls ?? [] : []
            let arguments = calls.filter { ($0.index ?? 0) == 0 }.compactMap(\.function?.arguments)
            let text = (choice.delta?.content ?? "") + arguments.joined()
            if !text.isEmpty { events.append(.chunk(text: text, tokens: nil)) }
            if let reason = choice.finishReason {
                let isCall = readsCalls && reason == "tool_calls"
                end = isCall ? .endOfText : try WireStop.end(reason, matched: choice.stopReason)
            }
        }
        if let usage = chunk.usage { events.append(.usage(usage.usage)) }
        return events
    }

    /// Some servers never write `[DONE]`: a finish reason and the end of the body make a whole stream.
    mutating func finish() throws(GenerationFailure) -> [GenerationEvent] {
        if isDone { return [] }
        guard let end else { throw GenerationFailure(.truncated, "no finish reason") }
        isDone = true
        return [.end(end)]
    }
}
