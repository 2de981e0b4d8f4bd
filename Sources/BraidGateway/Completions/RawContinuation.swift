internal import Braid

/// One continuation of a raw prompt: turns what an engine decodes into the pieces that the client reads, and says when it
/// is over.
///
/// A stop token is among the ids and, unless asked for, not in the text; the text of a stop may be cut inside a token.
/// Before `min_tokens` stops are passed over: the model's end then stands in the continuation, whereas vLLM forbids it.
struct RawContinuation: Sendable {
    /// What ended it; nil while it goes on.
    private(set) var stop: CompletionStop?
    /// Tokens so far.
    private(set) var tokenCount = 0

    private let request: CompletionRequest
    private let index: Int
    private let maximumTokens: Int
    private let stopTokens: Set<TokenID>
    private let tokenizer: ServedTokenizer
    private var scanner: StopScanner
    private var offset: Int
    /// A control token of which the next event says whether it is the model's end.
    private var held: DecodedToken?

    /// Begins after a prompt.
    /// - Parameters:
    ///   - index: its number among the request's choices.
    ///   - maximumTokens: the request's limit or the server's, whichever is lower.
    ///   - offset: characters of its text before it.
    init(
        _ request: CompletionRequest, index: Int, maximumTokens: Int, offset: Int, tokenizer: ServedTokenizer
    ) {
        self.request = request
        self.index = index
        self.maximumTokens = maximumTokens
        self.offset = offset
        self.tokenizer = tokenizer
        stopTokens = Set(request.stopTokens)
        scanner = StopScanner(request.stops, keepsStop: request.includesStop)
        if maximumTokens == 0 { stop = .limit }
    }

    /// Tokens that may still come.
    var remainingTokens: Int { max(0, maximumTokens - tokenCount) }

    /// Takes what the engine says next.
    /// - Returns: what the client reads of it; nil for nothing.
    mutating func take(_ event: DecodingEvent) -> CompletionChoice? {
        guard stop == nil else { return nil }
        var piece = CompletionChoice(index: index, text: "")
        if request.logProbabilities != nil {
            piece.scored = []
            piece.showsAlternatives = request.logProbabilities == 1
        }
        if request.returnsTokens { piece.tokens = [] }
        switch event {
        case .token(let token):
            flush(&piece)
            guard stop == nil else { break }
            tokenCount += 1
            let mayStop = tokenCount >= request.minimumTokens
            if mayStop, stopTokens.contains(token.id) {
                add(token, showing: request.includesStop, to: &piece)
                end(.token(token.id), &piece)
            } else if token.control != nil {
                held = token
            } else {
                add(token, showing: true, to: &piece)
            }
        case .stop(.control):
            if request.ignoresEnd || tokenCount < request.minimumTokens {
                flush(&piece)
                if stop == nil, remainingTokens == 0 { end(.limit, &piece) }
            } else {
                if let token = held { add(token, showing: request.includesStop, to: &piece) }
                held = nil
                if stop == nil { end(.modelEnd, &piece) }
            }
        case .stop(.tokenLimit), .stop(.contextFull):
            flush(&piece)
            if stop == nil { end(.limit, &piece) }
        }
        piece.stop = stop
        let saysNothing = piece.text.isEmpty && piece.scored?.isEmpty != false && piece.tokens?.isEmpty != false
        return saysNothing && stop == nil ? nil : piece
    }

    private mutating func flush(_ piece: inout CompletionChoice) {
        guard let token = held else { return }
        held = nil
        add(token, showing: true, to: &piece)
    }

    private mutating func add(_ token: DecodedToken, showing: Bool, to piece: inout CompletionChoice) {
        piece.tokens?.append(token.id)
        piece.scored?.append(
            ScoredToken(
                id: token.id, shown: Self.shown(token.id, request, tokenizer), value: token.logProbability,
                offset: offset))
        guard showing else { return }
        let text = token.control.map { request.skipsSpecialTokens ? "" : $0 } ?? token.text
        offset += text.unicodeScalars.count
        if tokenCount < request.minimumTokens {
            piece.text += scanner.end() + text
            return
        }
        let step = scanner.take(text)
        piece.text += step.text
        if let found = step.stop { stop = .text(found) }
    }

    private mutating func end(_ reason: CompletionStop, _ piece: inout CompletionChoice) {
        guard stop == nil else { return }
        piece.text += scanner.end()
        stop = reason
    }

    /// How a token is shown among log-probabilities.
    static func shown(_ id: TokenID, _ request: CompletionRequest, _ tokenizer: ServedTokenizer) -> String {
        request.namesTokensByID ? "token_id:\(id)" : tokenizer.tag(id) ?? tokenizer.decode([id])
    }
}

extension CompletionChoice {
    /// Adds the next piece of the same choice.
    mutating func append(_ piece: CompletionChoice) {
        text += piece.text
        if let more = piece.scored { scored = (scored ?? []) + more }
        if let more = piece.tokens { tokens = (tokens ?? []) + more }
        stop = piece.stop
        showsAlternatives = piece.showsAlternatives
    }
}
