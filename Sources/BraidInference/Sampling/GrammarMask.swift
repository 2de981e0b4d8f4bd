internal import Braid

/// Follows a ``ControlGrammar`` through a decode call and says which tokens may come next.
struct GrammarMask: Sendable {
    private var grammar: ControlGrammar?
    private let vocabulary: ControlVocabulary
    private let tokenizer: Tokenizer
    /// Texts of which the grammar demands one, with what is left of their tokens, the last first; all of them agree with
    /// what was drawn. None is the beginning of another, so the last one left is the only one that can be complete.
    private var demanded: [(symbol: ControlGrammar.Symbol, tokens: [TokenID])] = []
    /// Whether plain text was drawn last.
    private var isInText = false
    /// What may come after plain text behind plain text: more of it changes nothing, so it is worked out once.
    private var inText: TokenMask?

    /// Without a grammar, everything that is a token may come.
    init(_ grammar: ControlGrammar?, tokenizer: Tokenizer, vocabulary: ControlVocabulary) {
        self.grammar = grammar
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
    }

    /// Which tokens may come next.
    /// - Throws: ``EngineError/unknownControlTag(_:known:)`` when the grammar demands tags that the model lacks.
    mutating func next() throws(EngineError) -> TokenMask {
        if !demanded.isEmpty { return .only(Set(demanded.compactMap(\.tokens.last)).sorted()) }
        guard var grammar else { return .upTo(end: vocabulary.end, forbidden: []) }
        if let inText { return inText }
        // An empty text is over at once; a grammar that demands nothing but empty texts is broken.
        for _ in 0..<16 {
            switch grammar.expectation {
            case .text(let tags):
                let allowed = Set(tags.compactMap { vocabulary.ids[$0] })
                let mask = TokenMask.upTo(
                    end: vocabulary.end, forbidden: vocabulary.all.filter { !allowed.contains($0) })
                if isInText { inText = mask }
                return mask
            case .tags(let tags):
                let allowed = tags.compactMap { vocabulary.ids[$0] }.sorted()
                guard !allowed.isEmpty else {
                    throw .unknownControlTag(tags.sorted().joined(separator: " "), known: vocabulary.ids.keys.sorted())
                }
                return .only(allowed)
            case .exactly(let text):
                let tokens = tokenizer.encode(text)
                if let token = tokens.first {
                    demanded = [(.exact, tokens.reversed())]
                    return .only([token])
                }
                grammar.advance(.exact)
                self.grammar = grammar
            case .choice(let texts):
                demanded = texts.map { (.chosen($0), tokenizer.encode($0).reversed()) }.filter { !$0.1.isEmpty }
                guard !demanded.isEmpty else { throw .failed("the control grammar offers a choice of nothing") }
                return .only(Set(demanded.compactMap(\.tokens.last)).sorted())
            }
        }
        throw .failed("the control grammar demands empty text for ever")
    }

    /// The tokens that come next because nothing else may, as far as that is so; at most `limit`.
    func forced(limit: Int) -> [TokenID] {
        guard grammar != nil || !demanded.isEmpty else { return [] }
        var ahead = self
        var tokens: [TokenID] = []
        // Where the grammar is broken there is nothing to foresee; the draw itself says so.
        while tokens.count < limit, let mask = try? ahead.next(), case .only(let allowed) = mask, allowed.count == 1 {
            tokens.append(allowed[0])
            ahead.advance(allowed[0])
        }
        return tokens
    }

    /// Takes note of what was drawn.
    mutating func advance(_ token: TokenID) {
        if !demanded.isEmpty {
            demanded = demanded.filter { $0.tokens.last == token }.map { ($0.symbol, $0.tokens.dropLast()) }
            if let complete = demanded.first(where: \.tokens.isEmpty) {
                grammar?.advance(complete.symbol)
                demanded = []
            }
        } else if let tag = vocabulary.tags[token] {
            grammar?.advance(.control(tag))
        } else {
            grammar?.advance(.text)
            isInText = true
            return
        }
        isInText = false
        inText = nil
    }
}
