internal import Braid

/// Reads the stream of SGLang's `/generate`, in which every event repeats everything before it, unless the server was told
/// to stream increments.
///
/// Which of the two it is, `completion_tokens` tells: an event that repeats has as many ids as were generated in all.
struct SGLangStreamReader: GenerationReader {
    private struct Event: Decodable {
        private enum CodingKeys: String, CodingKey {
            case text
            case tokens = "output_ids"
            case meta = "meta_info"
        }

        var text: String?
        var tokens: [TokenID]?
        var meta: Meta?
    }

    private struct Meta: Decodable {
        private enum CodingKeys: String, CodingKey {
            case finishReason = "finish_reason"
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case cachedTokens = "cached_tokens"
        }

        var finishReason: FinishReason?
        var promptTokens: Int?
        var completionTokens: Int?
        var cachedTokens: Int?
    }

    private struct FinishReason: Decodable {
        var type: String
        var matched: WireStop?
        var message: String?
    }

    private enum Mode {
        case undecided, cumulative, incremental
    }

    private let asksForTokens: Bool
    private var mode = Mode.undecided
    private var seenTokens = 0
    private var seenText = ""
    private var end: GenerationEnd?
    private var isDone = false

    init(asksForTokens: Bool) {
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
        let event = try WireJSON.decode(Event.self, from: event.data)
        guard event.text != nil || event.tokens != nil else {
            throw GenerationFailure(.malformed, "an event without text and output_ids")
        }
        guard end == nil else { return [] }
        var events: [GenerationEvent] = []
        let (text, tokens) = increment(
            text: event.text ?? "", tokens: event.tokens, total: event.meta?.completionTokens)
        if !text.isEmpty || tokens?.isEmpty == false {
            events.append(.chunk(text: text, tokens: asksForTokens ? tokens : nil))
        }
        guard let reason = event.meta?.finishReason else { return events }
        if reason.type == "abort" {
            throw GenerationFailure(.inBand, reason.message ?? "it aborted the request", code: "abort")
        }
        end = try WireStop.end(reason.type, matched: reason.matched)
        events.append(
            .usage(
                GenerationUsage(
                    promptTokens: event.meta?.promptTokens, cachedTokens: event.meta?.cachedTokens,
                    completionTokens: event.meta?.completionTokens)))
        return events
    }

    mutating func finish() throws(GenerationFailure) -> [GenerationEvent] {
        guard isDone else {
            throw GenerationFailure(.truncated, end == nil ? "no finish reason" : "no [DONE] after its finish reason")
        }
        return []
    }

    /// What is new in an event.
    private mutating func increment(text: String, tokens: [TokenID]?, total: Int?) -> (String, [TokenID]?) {
        if mode == .undecided, seenTokens > 0 || !seenText.isEmpty {
            if let count = tokens?.count, let total {
                mode = count == total ? .cumulative : .incremental
            } else {
                mode = text.utf8.starts(with: seenText.utf8) ? .cumulative : .incremental
            }
        }
        let isRepeated = mode == .cumulative
        let newTokens = isRepeated ? tokens.map { Array($0.dropFirst(seenTokens)) } : tokens
        seenTokens += newTokens?.count ?? 0
        guard isRepeated else {
            seenText += text
            return (text, newTokens)
        }
        // The text may also shrink and grow again, where half a character stood at its end.
        var common = 0
        var (left, right) = (text.unicodeScalars.makeIterator(), seenText.unicodeScalars.makeIterator())
        while let scalar = left.next(), scalar == right.next() { common += 1 }
        let newText = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(common)))
        seenText = text
        return (newText, newTokens)
    }
}
