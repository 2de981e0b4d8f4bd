internal import Braid

extension InferenceLoop {
    /// Turns a request into a job, or answers it at once.
    func begin(_ request: InferenceRequest, _ id: JobID) {
        switch request {
        case .open(let tokens, let partition, let reply): open(tokens, partition, id, reply)
        case .extend(let context, let tokens, let reply):
            start(.extend(count: tokens.count, reply), of: context, id) { try self.extend(context, tokens) }
        case .decode(let context, let options, let sink): decode(context, options, id, sink)
        case .fork(let context, let count, let isNumbered, let reply):
            start(.fork(count: count, isNumbered: isNumbered, reply), of: context, id) {
                let most = isNumbered ? self.thoughtCount : 1024
                guard most > 0 else {
                    throw EngineError.unsupported(
                        "numbered threads with this model, which has no thought embeddings; use a ParaThinker checkpoint"
                    )
                }
                guard (1...most).contains(count) else {
                    throw EngineError.invalidOption(name: "thread count", value: "\(count)", allowed: "1 to \(most)")
                }
            }
        case .group(let context, let options, let texts, let forbidden, let reply):
            let call = GroupCall(options: options, texts: texts, forbidden: forbidden, reply: reply)
            start(.group(call), of: context, id) { try self.prepare(call, of: context) }
        case .extendMember(let group, let member, let tokens, let reply):
            reply(Result { try self.extend(group, member, tokens) })
        case .stepGroup(let group, let members, let reply): step(group, members, id, reply)
        case .publish(let group, let member, let reply): reply(Result { try self.publish(group, member) })
        case .closeGroup(let group): closeGroup(group)
        case .warm(let context, let tokens, let reply): warm(tokens, joinOf: context, id, reply)
        case .join(let context, let threads, let tokens, let reply): join(threads, into: context, tokens, id, reply)
        case .score(let context, let tokens, let reply): score(context, tokens, id, reply)
        case .count(let context, let reply):
            reply(contexts[context].map { .success($0.tokens.count) } ?? .failure(closed))
        case .close(let context): close(context)
        case .clear(let reply):
            cache.forgetAll()
            reply(.success(()))
        case .statistics(let reply):
            statistics.take(cache)
            reply(.success(statistics))
        }
    }

    private var closed: EngineError { .contextNotUsable("it was closed") }

    /// Takes a job up: checks that its context is free, prepares it, and lets it wait for room.
    ///
    /// - Parameter prepare: Says what the context has to hold; changes nothing if it throws.
    private func start(
        _ purpose: InferenceJob.Purpose, of context: ContextID, _ id: JobID, prepare: () throws -> Void = {}
    ) {
        let question = contexts[context]?.question ?? context
        let job = InferenceJob(
            context: context, age: ContextAge(question: question, context: context), purpose: purpose)
        do {
            try checkUsable(context)
            if let current = contexts[context] {
                switch purpose {
                case .open, .extend, .rejoin:
                    let state = ContextState(copying: current)
                    state.ahead = nil
                    job.before = .init(state: state, residentCount: cache.residentCount(of: context))
                case .decode, .fork, .stitch, .warm, .score, .group, .groupStep: break
                }
            }
            try prepare()
            // What was prefilled for a join that did not come.
            if let ahead = contexts[context]?.ahead { close(ahead) }
            contexts[context]?.job = id
            jobs[id] = job
            enqueue(id)
        } catch let error as KVCacheError {
            job.fail(error.engineError)
        } catch {
            job.fail(error)
        }
    }

    private func checkUsable(_ context: ContextID, joining threads: [ContextID] = []) throws(EngineError) {
        guard let state = contexts[context] else { throw closed }
        guard state.job == nil else { throw .contextNotUsable("another call is using it; await that first") }
        guard state.openThreads.isSubset(of: threads) else {
            throw .contextNotUsable("it waits for its threads; join or close them first")
        }
    }

    func check(_ tokens: [TokenID]) throws(EngineError) {
        for token in tokens where !(0..<modelVocabularySize).contains(Int(token)) {
            throw .invalidOption(name: "token id", value: "\(token)", allowed: "0 to \(modelVocabularySize - 1)")
        }
    }

    func checkLength(_ context: ContextID, adding count: Int) throws {
        let view = try cache.view(of: context)
        let end = view.nextPosition + (contexts[context]?.tokens.count ?? 0) - view.tokenCount + count
        guard end <= contextLength else { throw EngineError.contextTooLong(tokens: end, limit: contextLength) }
    }

    /// Whether something is known, or can be computed, about what follows a context.
    private func hasNext(_ context: ContextID) -> Bool {
        guard let state = contexts[context] else { return false }
        return state.logits != nil || cache.residentCount(of: context) < state.tokens.count
    }

    /// Appends known tokens; the last one is run when what follows it is asked for.
    private func extend(_ context: ContextID, _ tokens: [TokenID]) throws {
        try check(tokens)
        try checkLength(context, adding: tokens.count)
        guard !tokens.isEmpty else { return }
        statistics.promptTokens += tokens.count
        contexts[context]?.tokens += tokens
        contexts[context]?.logits = nil
        contexts[context]?.text = TextDecoder(tokenizer)
    }

    private func open(
        _ tokens: [TokenID], _ partition: CachePartition, _ id: JobID,
        _ reply: @escaping InferenceRequest.Reply<ContextID>
    ) {
        let context = cache.open(in: partition)
        contexts[context] = ContextState(text: TextDecoder(tokenizer), question: context)
        start(.open(reply), of: context, id) {
            do {
                try self.extend(context, tokens)
            } catch {
                self.close(context)
                throw error
            }
        }
    }

    private func decode(_ context: ContextID, _ options: DecodingOptions, _ id: JobID, _ sink: DecodingSink) {
        do {
            guard options.maximumTokens >= 0 else {
                throw EngineError.invalidOption(
                    name: "maximum tokens", value: "\(options.maximumTokens)", allowed: "0 or more")
            }
            var stops: [TokenID: String] = [:]
            for tag in options.stops { stops[try vocabulary.id(of: tag)] = tag }
            for token in endTokenIDs { stops[token] = vocabulary.tags[token] ?? tokenizer.decode([token]) }
            let sampler = try Sampler(options.sampling, seed: options.seed, kernels: kernels)
            try checkUsable(context)
            guard let state = contexts[context] else { throw closed }
            let call = DecodingCall(
                sink: sink, maximumTokens: options.maximumTokens, stops: stops, sampler: sampler,
                mask: GrammarMask(options.grammar, tokenizer: tokenizer, vocabulary: vocabulary),
                seen: sampler.needsHistory ? Set(state.tokens) : [])
            guard call.maximumTokens > 0 else { return sink.finish(.tokenLimit) }
            guard hasNext(context) else {
                throw EngineError.contextNotUsable(
                    state.tokens.isEmpty
                        ? "it is empty; extend it first" : "nothing follows its stitched threads yet; extend it first")
            }
            start(.decode(call), of: context, id)
        } catch {
            sink.fail(error)
        }
    }

    /// Prefills the beginning of a join's text in a context beside the one that joins.
    private func warm(
        _ tokens: [TokenID], joinOf context: ContextID, _ id: JobID, _ reply: @escaping InferenceRequest.Reply<Void>
    ) {
        // A hint: where it cannot be followed, the join does all the work, and says what is wrong.
        guard let parent = contexts[context], parent.job == nil, !parent.openThreads.isEmpty, !tokens.isEmpty,
            tokens.allSatisfy({ (0..<modelVocabularySize).contains(Int($0)) }),
            cache.residentCount(of: context) == parent.tokens.count
        else { return reply(.success(())) }
        let known = parent.tokens + tokens
        if let ahead = parent.ahead, !isUsable(ahead, asBeginningOf: known, after: parent.tokens.count) { close(ahead) }
        do {
            try checkLength(context, adding: tokens.count)
            let ahead: ContextID
            if let present = contexts[context]?.ahead {
                ahead = present
            } else {
                ahead = try cache.share(context)
                contexts[ahead] = share(context)
                contexts[context]?.ahead = ahead
            }
            contexts[ahead]?.tokens = known
            contexts[ahead]?.logits = nil
            start(.warm(reply), of: ahead, id)
        } catch {
            reply(.success(()))
        }
    }

    /// Whether a context prefilled ahead holds nothing but the beginning of a sequence, and at least `count` tokens of it.
    private func isUsable(_ ahead: ContextID, asBeginningOf tokens: [TokenID], after count: Int) -> Bool {
        guard let state = contexts[ahead], state.job == nil else { return false }
        let resident = cache.residentCount(of: ahead)
        return resident >= count && tokens.starts(with: state.tokens.prefix(resident))
    }

    private func join(
        _ threads: [ContextID], into context: ContextID, _ tokens: [TokenID]?, _ id: JobID,
        _ reply: @escaping InferenceRequest.Reply<Void>
    ) {
        do {
            try checkUsable(context, joining: threads)
            guard let parent = contexts[context] else { throw closed }
            guard Set(threads).count == threads.count, parent.openThreads.isSuperset(of: threads) else {
                throw KVCacheError.notAThread(threads.first ?? context, of: context).engineError
            }
            for thread in threads { try checkUsable(thread) }
        } catch {
            return reply(.failure(error))
        }
        let openThreads = contexts[context]?.openThreads ?? []
        contexts[context]?.openThreads = []
        start(tokens == nil ? .stitch(threads: threads, reply) : .rejoin(reply), of: context, id) {
            do {
                if let tokens {
                    try self.extend(context, tokens)
                    self.takeAhead(of: context)
                    for thread in threads { self.close(thread) }
                } else {
                    for thread in threads { self.contexts[thread]?.job = id }
                }
            } catch {
                self.contexts[context]?.openThreads = openThreads
                throw error
            }
        }
    }

    /// Goes on from what was prefilled ahead of a join, if it turned out to be its beginning.
    private func takeAhead(of context: ContextID) {
        guard let state = contexts[context], let ahead = state.ahead else { return }
        defer { contexts[context]?.ahead = nil }
        if let job = contexts[ahead]?.job { cancel(job) }
        let resident = cache.residentCount(of: context)
        guard isUsable(ahead, asBeginningOf: state.tokens, after: resident + 1) else { return close(ahead) }
        contexts[ahead] = nil
        cache.replace(context, by: ahead)
        // The last token's row is run when what follows is asked for.
        cache.truncate(context, to: state.tokens.count - 1)
        let count = cache.residentCount(of: context)
        contexts[context]?.reach = max(state.reach, count)
        statistics.warmedTokens += count - resident
    }

    private func score(
        _ context: ContextID, _ tokens: [TokenID], _ id: JobID,
        _ reply: @escaping InferenceRequest.Reply<[LogProbability]>
    ) {
        do {
            try checkUsable(context)
            try check(tokens)
            try checkLength(context, adding: tokens.count)
            guard !tokens.isEmpty else { return reply(.success([])) }
            guard hasNext(context) else {
                throw EngineError.contextNotUsable("nothing is known yet about what follows; extend it first")
            }
            start(.score(ScoringCall(reply: reply, tokens: tokens)), of: context, id)
        } catch let error as KVCacheError {
            reply(.failure(error.engineError))
        } catch {
            reply(.failure(error))
        }
    }
}
