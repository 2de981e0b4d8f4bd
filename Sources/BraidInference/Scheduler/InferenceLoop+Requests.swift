internal import Braid

extension InferenceLoop {
    /// Turns a request into a job, or answers it at once.
    func begin(_ request: InferenceRequest, _ id: JobID) {
        switch request {
        case .open(let tokens, let reply): open(tokens, id, reply)
        case .extend(let context, let tokens, let reply):
            start(InferenceJob(context: context, purpose: .extend(count: tokens.count, reply)), id) {
                try self.extend(context, tokens)
            }
        case .decode(let context, let options, let sink): decode(context, options, id, sink)
        case .fork(let context, let count, let reply):
            start(InferenceJob(context: context, purpose: .fork(count: count, reply)), id) {
                guard (1...1024).contains(count) else {
                    throw EngineError.invalidOption(name: "thread count", value: "\(count)", allowed: "1 to 1024")
                }
                return try self.flush([context])
            }
        case .join(let context, let threads, let tokens, let reply): join(threads, into: context, tokens, id, reply)
        case .score(let context, let tokens, let reply): score(context, tokens, id, reply)
        case .count(let context, let reply):
            reply(contexts[context].map { .success($0.tokens.count) } ?? .failure(closed))
        case .close(let context): close(context)
        case .statistics(let reply):
            statistics.take(cache)
            reply(.success(statistics))
        }
    }

    private var closed: EngineError { .contextNotUsable("it was closed") }

    /// Takes a job up: checks that its context is free, prepares its rows, and queues them.
    ///
    /// - Parameter prepare: Reserves room and says what to run; changes nothing if it throws.
    private func start(_ job: InferenceJob, _ id: JobID, prepare: () throws -> [InferenceJob.Feed]) {
        do {
            try checkUsable(job.context)
            var job = job
            switch job.purpose {
            case .open, .extend, .rejoin: job.before = contexts[job.context]
            case .decode, .fork, .stitch, .score: break
            }
            job.feeds = try prepare()
            contexts[job.context]?.job = id
            jobs[id] = job
            if job.left == 0 {
                complete(id, nil)
            } else {
                scheduler.supply(id, rows: job.left)
            }
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

    private func check(_ tokens: [TokenID]) throws(EngineError) {
        for token in tokens where !(0..<modelVocabularySize).contains(Int(token)) {
            throw .invalidOption(name: "token id", value: "\(token)", allowed: "0 to \(modelVocabularySize - 1)")
        }
    }

    /// Reserves room and performs the copy that it may need.
    private func reserve(_ tokens: [TokenID], in context: ContextID) throws -> [InferenceJob.Feed] {
        guard !tokens.isEmpty else { return [] }
        let reservation = try cache.append(tokens.count, to: context)
        if let copy = reservation.copy { memory.perform(copy) }
        return [InferenceJob.Feed(context: context, tokens: tokens, reservation: reservation)]
    }

    private func checkLength(_ context: ContextID, adding count: Int) throws {
        let pending = contexts[context]?.pending.count ?? 0
        let end = try cache.view(of: context).nextPosition + pending + count
        guard end <= contextLength else { throw EngineError.contextTooLong(tokens: end, limit: contextLength) }
    }

    /// Appends known tokens; the last one stays pending.
    private func extend(_ context: ContextID, _ tokens: [TokenID]) throws -> [InferenceJob.Feed] {
        try check(tokens)
        try checkLength(context, adding: tokens.count)
        guard let last = tokens.last, let state = contexts[context] else { return [] }
        let feeds = try reserve(state.pending + tokens.dropLast(), in: context)
        contexts[context]?.tokens += tokens
        contexts[context]?.pending = [last]
        contexts[context]?.logits = nil
        contexts[context]?.text = TextDecoder(tokenizer)
        return feeds
    }

    /// Brings pending tokens into the cache, all or none.
    private func flush(_ contexts: [ContextID]) throws -> [InferenceJob.Feed] {
        let pages = try contexts.reduce(0) { sum, context in
            sum + (try cache.pagesNeeded(toAppend: self.contexts[context]?.pending.count ?? 0, to: context))
        }
        guard pages <= cache.pool.freeCount else {
            throw KVCacheError.outOfPages(needed: pages, free: cache.pool.freeCount)
        }
        var feeds: [InferenceJob.Feed] = []
        for context in contexts {
            feeds += try reserve(self.contexts[context]?.pending ?? [], in: context)
            self.contexts[context]?.pending = []
        }
        return feeds
    }

    private func open(_ tokens: [TokenID], _ id: JobID, _ reply: @escaping InferenceRequest.Reply<ContextID>) {
        let context = cache.open()
        contexts[context] = ContextState(text: TextDecoder(tokenizer))
        start(InferenceJob(context: context, purpose: .open(reply)), id) {
            do {
                return try self.extend(context, tokens)
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
            guard !state.pending.isEmpty || state.logits != nil else {
                throw EngineError.contextNotUsable(
                    state.tokens.isEmpty
                        ? "it is empty; extend it first" : "nothing follows its stitched threads yet; extend it first")
            }
            start(InferenceJob(context: context, purpose: .decode(call)), id) { try self.flush([context]) }
        } catch {
            sink.fail(error)
        }
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
        if let tokens {
            // The threads' pages count as free; tried on a copy, so that a failure leaves the threads alone.
            let before = cache
            let openThreads = contexts[context]?.openThreads ?? []
            contexts[context]?.openThreads = []
            start(InferenceJob(context: context, purpose: .rejoin(reply)), id) {
                do {
                    for thread in threads { self.cache.release(thread) }
                    let feeds = try self.extend(context, tokens)
                    for thread in threads { self.contexts[thread] = nil }
                    return feeds
                } catch {
                    self.cache = before
                    self.contexts[context]?.openThreads = openThreads
                    throw error
                }
            }
        } else {
            let openThreads = contexts[context]?.openThreads ?? []
            contexts[context]?.openThreads = []
            start(InferenceJob(context: context, purpose: .stitch(threads: threads, reply)), id) {
                do {
                    let feeds = try self.flush(threads)
                    for thread in threads { self.contexts[thread]?.job = id }
                    return feeds
                } catch {
                    self.contexts[context]?.openThreads = openThreads
                    throw error
                }
            }
        }
    }

    private func score(
        _ context: ContextID, _ tokens: [TokenID], _ id: JobID,
        _ reply: @escaping InferenceRequest.Reply<[LogProbability]>
    ) {
        do {
            try checkUsable(context)
            try check(tokens)
            try checkLength(context, adding: tokens.count)
            guard let state = contexts[context] else { throw closed }
            guard !tokens.isEmpty else { return reply(.success([])) }
            guard !state.pending.isEmpty || state.logits != nil else {
                throw EngineError.contextNotUsable("nothing is known yet about what follows; extend it first")
            }
            let trial = try cache.share(context)
            let call = ScoringCall(reply: reply, tokens: tokens, trial: trial)
            do {
                if state.pending.isEmpty, let logits = state.logits {
                    try logits.withUnsafeBufferPointer { try call.take($0, kernels: kernels) }
                }
                let feeds = try reserve(state.pending + tokens.dropLast(), in: trial)
                start(InferenceJob(context: context, purpose: .score(call)), id) { feeds }
            } catch {
                cache.release(trial)
                throw error
            }
        } catch let error as KVCacheError {
            reply(.failure(error.engineError))
        } catch {
            reply(.failure(error))
        }
    }
}
