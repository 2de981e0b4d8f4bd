internal import Braid

extension InferenceLoop {
    /// Goes on after all rows of a job were run.
    /// - Parameter logits: Those of the last row, if the job wanted them and had rows.
    func complete(_ id: JobID, _ logits: UnsafeBufferPointer<Float>?) {
        guard let job = jobs[id] else { return }
        switch job.purpose {
        case .open(let reply): finish(id) { reply(.success($0.context)) }
        case .extend(let count, let reply): finish(id) { _ in reply(.success(count)) }
        case .rejoin(let reply): finish(id) { _ in reply(.success(())) }
        case .decode(let call): draw(id, job.context, call, logits)
        case .fork(let count, let reply):
            if let logits { contexts[job.context]?.logits = Array(logits) }
            finish(id) { job in
                reply(Result { try self.fork(job.context, count) })
            }
        case .stitch(let threads, let reply):
            finish(id) { job in
                reply(Result { try self.stitch(threads, into: job.context) })
            }
        case .score(let call): finish(id) { _ in call.reply(.success(call.scores)) }
        }
    }

    /// Ends a job: frees its context, then tells whoever waits.
    func finish(_ id: JobID, _ tell: (InferenceJob) -> Void) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        scheduler.remove(id)
        contexts[job.context]?.job = nil
        switch job.purpose {
        case .score(let call): cache.release(call.trial)
        case .stitch(let threads, _):
            for thread in threads { contexts[thread]?.job = nil }
        case .open, .extend, .decode, .fork, .rejoin: break
        }
        tell(job)
    }

    /// Ends a job whose task was cancelled. What was decoded stays in the context; a call that appends known tokens
    /// leaves it as it was before.
    func cancel(_ id: JobID) {
        guard let job = jobs[id] else { return }
        for feed in job.feeds where feed.left > 0 || job.before != nil {
            cache.cancel(feed.reservation, of: feed.context)
            contexts[feed.context]?.pending = feed.tokens
        }
        if let before = job.before { contexts[job.context] = before }
        finish(id) { job in
            if case .open = job.purpose { close(job.context) }
            if case .stitch(let threads, _) = job.purpose {
                contexts[job.context]?.openThreads.formUnion(threads)
            }
            job.fail(CancellationError())
        }
    }

    /// Ends a context, and the call that uses it.
    func close(_ context: ContextID) {
        guard let state = contexts[context] else { return }
        if let job = state.job { cancel(job) }
        contexts[context] = nil
        cache.release(context)
        if let parent = state.origin?.parent { contexts[parent]?.openThreads.remove(context) }
    }

    private func fork(_ context: ContextID, _ count: Int) throws(EngineError) -> [ContextID] {
        do {
            let threads = try cache.fork(context, count: count)
            guard let parent = contexts[context] else { return [] }
            for thread in threads {
                var state = parent
                state.origin = (context, parent.tokens.count)
                state.openThreads = []
                contexts[thread] = state
            }
            contexts[context]?.openThreads.formUnion(threads)
            return threads
        } catch {
            throw error.engineError
        }
    }

    private func stitch(_ threads: [ContextID], into context: ContextID) throws(EngineError) {
        do {
            try cache.stitch(threads, into: context)
        } catch {
            contexts[context]?.openThreads.formUnion(threads)
            throw error.engineError
        }
        for thread in threads {
            guard let state = contexts.removeValue(forKey: thread), let origin = state.origin else { continue }
            contexts[context]?.tokens += state.tokens[origin.tokenCount...]
        }
        contexts[context]?.pending = []
        contexts[context]?.logits = nil
        contexts[context]?.text = TextDecoder(tokenizer)
    }

    /// Draws the next token of a decode call and asks for the one after it.
    private func draw(
        _ id: JobID, _ context: ContextID, _ call: DecodingCall, _ computed: UnsafeBufferPointer<Float>?
    ) {
        do {
            let position = try cache.view(of: context).nextPosition
            guard position < contextLength else { return finish(id) { _ in call.sink.finish(.contextFull) } }
            let mask = try call.mask.next()
            let sampled: SampledToken
            if let computed {
                sampled = try call.sampler.draw(from: computed, position: position, seen: call.seen, mask: mask)
            } else {
                // The context was forked right here, and what follows was computed then.
                sampled = try (contexts[context]?.logits ?? []).withUnsafeBufferPointer {
                    try call.sampler.draw(from: $0, position: position, seen: call.seen, mask: mask)
                }
            }
            call.mask.advance(sampled.id)
            if call.sampler.needsHistory { call.seen.insert(sampled.id) }
            call.count += 1
            statistics.decodedTokens += 1
            call.sink.yield(append(sampled, to: context))
            if let stop = call.stops[sampled.id] {
                return finish(id) { _ in call.sink.finish(.control(stop)) }
            }
            guard call.count < call.maximumTokens else {
                return finish(id) { _ in call.sink.finish(.tokenLimit) }
            }
            let reservation = try cache.append(1, to: context)
            if let copy = reservation.copy { memory.perform(copy) }
            contexts[context]?.pending = []
            jobs[id]?.feeds = [.init(context: context, tokens: [sampled.id], reservation: reservation)]
            scheduler.supply(id, rows: 1)
        } catch let error as KVCacheError {
            finish(id) { _ in call.sink.fail(error.engineError) }
        } catch {
            finish(id) { _ in call.sink.fail(error) }
        }
    }

    /// Makes a drawn token part of its context.
    private func append(_ sampled: SampledToken, to context: ContextID) -> DecodedToken {
        let tag = vocabulary.tags[sampled.id]
        var text = ""
        if tag == nil {
            text = contexts[context]?.text.append(sampled.id) ?? ""
        } else {
            contexts[context]?.text = TextDecoder(tokenizer)
        }
        contexts[context]?.tokens.append(sampled.id)
        contexts[context]?.pending = [sampled.id]
        contexts[context]?.logits = nil
        return DecodedToken(id: sampled.id, text: text, control: tag, logProbability: sampled.logProbability)
    }
}
