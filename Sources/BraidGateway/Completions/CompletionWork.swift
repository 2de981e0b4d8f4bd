internal import Braid

/// The work of one raw completion request on an engine: opens the prompts, scores them where that is asked for, and decodes
/// all continuations in step, without any method.
struct CompletionWork: Sendable {
    /// What is asked.
    let request: CompletionRequest
    /// The prompts as tokens.
    let prompts: [RawPrompt]
    /// What continues them.
    let engine: any Engine
    /// The model's tokenizer.
    let tokenizer: ServedTokenizer
    /// Most tokens of one continuation.
    let maximumTokens: Int
    /// Decides every draw, together with a continuation's number.
    let seed: UInt64

    /// One continuation under way.
    private struct Line {
        var context: any EngineContext
        var continuation: RawContinuation
        var seed: UInt64
        var events: AsyncThrowingStream<DecodingEvent, any Error>.Iterator?
    }

    /// Tokens of all prompts.
    var promptTokens: Int { prompts.reduce(0) { $0 + $1.tokens.count } }

    /// Does the work. However it ends, all contexts are closed.
    /// - Parameter deliver: gets every piece; waits as long as its reader is slow.
    /// - Returns: how many tokens were decoded.
    /// - Throws: ``OpenAIError``, `CancellationError`.
    func perform(_ deliver: (CompletionChoice) async throws -> Void) async throws -> Int {
        var lines: [Line] = []
        do {
            for (number, prompt) in prompts.enumerated() { try await begin(prompt, number, &lines, deliver) }
            try await decode(&lines, deliver)
        } catch {
            await close(lines)
            throw error
        }
        await close(lines)
        return lines.reduce(0) { $0 + $1.continuation.tokenCount }
    }

    private func close(_ lines: [Line]) async {
        for line in lines { await line.context.close() }
    }

    private func begin(
        _ prompt: RawPrompt, _ number: Int, _ lines: inout [Line], _ deliver: (CompletionChoice) async throws -> Void
    ) async throws {
        var first = CompletionChoice(index: 0, text: "")
        let scoresPrompt = request.promptLogProbabilities != nil || (request.echoes && request.logProbabilities != nil)
        // What stands before a token foretells it, so the first one has no log-probability.
        let context = try await engine.open(
            TokenText([.tokens(scoresPrompt ? Array(prompt.tokens.prefix(1)) : prompt.tokens)]))
        var contexts = [context]
        do {
            if scoresPrompt, prompt.tokens.count > 1 {
                let rest = TokenText([.tokens(Array(prompt.tokens.dropFirst()))])
                let values = try await context.score(rest)
                score(prompt.tokens, values, &first)
                if maximumTokens > 0 { try await context.extend(rest) }
            } else if scoresPrompt {
                score(prompt.tokens, [], &first)
            }
            if request.returnsTokens { first.promptTokens = prompt.tokens }
            if request.echoes {
                first.text = RawPrompt.text(
                    of: prompt.tokens, tokenizer: tokenizer, skipsSpecialTokens: request.skipsSpecialTokens)
            }
            if request.answers > 1 { contexts += try await context.fork(request.answers) }
        } catch {
            await context.close()
            throw error
        }
        // A forked context waits for its threads; here they never come back to it.
        if contexts.count > 1 { await contexts.removeFirst().close() }
        for (answer, context) in contexts.enumerated() {
            let index = number * request.answers + answer
            lines.append(
                Line(
                    context: context,
                    continuation: RawContinuation(
                        request, index: index, maximumTokens: maximumTokens,
                        offset: first.text.unicodeScalars.count, tokenizer: tokenizer),
                    seed: seed &+ UInt64(index)))
            first.index = index
            first.stop = maximumTokens == 0 ? .limit : nil
            if first.stop != nil || !first.text.isEmpty || first.promptTokens != nil || first.scored != nil
                || first.scoredPrompt != nil
            {
                try await deliver(first)
            }
        }
    }

    private func score(_ tokens: [TokenID], _ values: [LogProbability], _ choice: inout CompletionChoice) {
        var offset = 0
        let scored = tokens.enumerated().map { index, id in
            defer { offset += (tokenizer.tag(id) ?? tokenizer.decode([id])).unicodeScalars.count }
            let value = index > 0 && index <= values.count ? values[index - 1].value : nil
            return ScoredToken(
                id: id, shown: RawContinuation.shown(id, request, tokenizer), value: value, offset: offset)
        }
        if request.promptLogProbabilities != nil { choice.scoredPrompt = scored }
        if request.echoes, let count = request.logProbabilities {
            choice.scored = scored
            choice.showsAlternatives = count == 1
        }
    }

    /// Takes one event of each continuation after the other: an engine decodes them side by side whether or not somebody
    /// reads, and so they come in an order that does not depend on luck.
    private func decode(_ lines: inout [Line], _ deliver: (CompletionChoice) async throws -> Void) async throws {
        let tags = Set(request.stopTokens.compactMap(tokenizer.tag)).intersection(engine.description.controlTags)
        let parameters = request.sampling.parameters(temperature: 1)
        var isOver = false
        while !isOver {
            isOver = true
            for index in lines.indices where lines[index].continuation.stop == nil {
                isOver = false
                try Task.checkCancellation()
                if lines[index].events == nil {
                    lines[index].events = lines[index].context.decode(
                        DecodingOptions(
                            sampling: parameters, seed: lines[index].seed, stops: tags,
                            maximumTokens: lines[index].continuation.remainingTokens)
                    ).makeAsyncIterator()
                }
                guard let event = try await lines[index].events?.next() else {
                    try Task.checkCancellation()
                    throw OpenAIError.upstream("the engine ended without saying why")
                }
                if case .stop = event { lines[index].events = nil }
                if let piece = lines[index].continuation.take(event) { try await deliver(piece) }
                // Whatever the engine decodes beyond the stop is not waited for.
                if lines[index].continuation.stop != nil { lines[index].events = nil }
            }
        }
    }
}
