internal import Braid

/// Reads the stream of llama-server's `/completion`, which ends with an event of its own and has no `[DONE]`.
struct LlamaServerStreamReader: GenerationReader {
    private struct Event: Decodable {
        private enum CodingKeys: String, CodingKey {
            case content, tokens, stop, timings
            case stopType = "stop_type"
            case stoppingWord = "stopping_word"
            case generatedCount = "tokens_predicted"
            case promptCount = "tokens_evaluated"
        }

        var content: String?
        var tokens: [TokenID]?
        var stop: Bool?
        var stopType: String?
        var stoppingWord: String?
        var generatedCount: Int?
        var promptCount: Int?
        var timings: Timings?
    }

    private struct Timings: Decodable {
        private enum CodingKeys: String, CodingKey {
            case cachedCount = "cache_n"
        }

        var cachedCount: Int?
    }

    private let asksForTokens: Bool
    /// Tokens that the server says it has generated so far.
    private var seenCount = 0
    private var isDone = false

    init(asksForTokens: Bool) {
        self.asksForTokens = asksForTokens
    }

    mutating func read(_ event: ServerSentEvent) throws(GenerationFailure) -> [GenerationEvent] {
        guard !isDone, !event.data.starts(with: "[DONE]".utf8) else { return [] }
        try WireError.check(event.data)
        let event = try WireJSON.decode(Event.self, from: event.data)
        guard event.content != nil || event.stop != nil else {
            throw GenerationFailure(.malformed, "an event without content and stop")
        }
        var events: [GenerationEvent] = []
        let text = event.content ?? ""
        let tokens = event.tokens ?? []
        if !text.isEmpty || !tokens.isEmpty {
            // Tokens inside a character are counted and never sent: the ids of such a text are not known.
            let count = event.generatedCount ?? (seenCount + tokens.count)
            let isWhole = count == seenCount + tokens.count && !tokens.isEmpty
            events.append(.chunk(text: text, tokens: asksForTokens && isWhole ? tokens : nil))
            seenCount = count
        }
        guard event.stop == true else { return events }
        isDone = true
        events.append(
            .usage(
                GenerationUsage(
                    promptTokens: event.promptCount, cachedTokens: event.timings?.cachedCount,
                    completionTokens: event.generatedCount)))
        switch event.stopType {
        case "eos": events.append(.end(.endOfText))
        case "limit": events.append(.end(.length))
        case "word": events.append(.end(.stopText(event.stoppingWord ?? "")))
        default: throw GenerationFailure(.inBand, "it ended with the reason '\(event.stopType ?? "none")'")
        }
        return events
    }

    mutating func finish() throws(GenerationFailure) -> [GenerationEvent] {
        guard isDone else { throw GenerationFailure(.truncated, "no event that says stop") }
        return []
    }
}
