internal import Braid

extension InferenceLoop {
    /// Goes on after all rows of a job were run.
    /// - Parameter logits: Those of the last row, if the job wanted them and had rows.
    func complete(_ id: JobID, _ logits: UnsafeBufferPointer<Float>?) {
        guard let job = jobs[id] else { return }
        switch job.purpose {
        case .open(let reply):
            keep(job.context)
            finish(id) { reply(.success($0.context)) }
        case .extend(let count, let reply):
            keep(job.context)
            finish(id) { _ in reply(.success(count)) }
        case .rejoin(let reply):
            keep(job.context)
            finish(id) { _ in reply(.success(())) }
        case .warm(let reply): finish(id) { _ in reply(.success(())) }
        case .decode(let call): draw(id, job.context, call, logits)
        case .fork(let count, let reply):
            keep(job.context)
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
        case .score(let call):
            if let trial = call.trial { cache.release(trial) }
        case .stitch(let threads, _):
            for thread in threads { contexts[thread]?.job = nil }
        case .open, .extend, .decode, .fork, .rejoin, .warm: break
        }
        tell(job)
    }

    /// Ends a job whose task was cancelled.
    func cancel(_ id: JobID) {
        abandon(id, CancellationError())
    }

    /// Ends a job that cannot be done. What was decoded stays in the context; a call that appends known tokens leaves it
    /// as it was before.
    func abandon(_ id: JobID, _ error: any Error) {
        withdraw(id)
        guard let job = jobs[id] else { return }
        if let before = job.before {
            let reach = contexts[job.context]?.reach
            contexts[job.context] = before.state
            if let reach { contexts[job.context]?.reach = reach }
            cache.truncate(job.context, to: before.residentCount)
        }
        finish(id) { job in
            if case .open = job.purpose { close(job.context) }
            if case .stitch(let threads, _) = job.purpose {
                contexts[job.context]?.openThreads.formUnion(threads)
            }
            job.fail(error)
        }
    }

    /// Ends a context, and the call that uses it.
    func close(_ context: ContextID) {
        guard let state = contexts[context] else { return }
        if let job = state.job { cancel(job) }
        // Cancelling the call that opened it has closed it.
        guard contexts[context] != nil else { return }
        if let ahead = state.ahead { close(ahead) }
        keep(context)
        contexts[context] = nil
        cache.release(context)
        if let parent = state.origin?.parent {
            contexts[parent]?.openThreads.remove(context)
            if contexts[parent]?.ahead == context { contexts[parent]?.ahead = nil }
        }
    }

    private func fork(_ context: ContextID, _ count: Int) throws(EngineError) -> [ContextID] {
        do {
            let threads = try cache.fork(context, count: count)
            for thread in threads { contexts[thread] = share(context) }
            contexts[context]?.openThreads.formUnion(threads)
            return threads
        } catch {
            throw error.engineError
        }
    }

    /// The state of a context that goes on where another one is.
    func share(_ context: ContextID) -> ContextState? {
        guard var state = contexts[context] else { return nil }
        state.origin = (context, state.tokens.count)
        state.depth += 1
        state.openThreads = []
        state.job = nil
        state.ahead = nil
        return state
    }

    private func stitch(_ threads: [ContextID], into context: ContextID) throws(EngineError) {
        do {
            for thread in threads { keep(thread) }
            try cache.stitch(threads, into: context)
        } catch {
            contexts[context]?.openThreads.formUnion(threads)
            throw error.engineError
        }
        for thread in threads {
            if let ahead = contexts[thread]?.ahead { close(ahead) }
            guard let state = contexts.removeValue(forKey: thread), let origin = state.origin else { continue }
            contexts[context]?.tokens += state.tokens[origin.tokenCount...]
            contexts[context]?.reach += state.tokens.count - origin.tokenCount
        }
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
            jobs[id]?.feeds = []
            enqueue(id)
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
        contexts[context]?.logits = nil
        return DecodedToken(id: sampled.id, text: text, control: tag, logProbability: sampled.logProbability)
    }
}
