internal import Braid

extension InferenceLoop {
    /// Goes on after all rows of a job were run.
    /// - Parameters:
    ///   - logits: Those of the last step, if it had rows of the job.
    ///   - rows: Which of them are the job's.
    func complete(_ id: JobID, _ logits: LogitsView?, _ rows: Range<Int>) {
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
        case .decode(let call): draw(id, job.context, call, logits, rows)
        case .fork(let count, let isNumbered, let reply):
            keep(job.context)
            if let logits, let row = rows.last { contexts[job.context]?.logits = Array(logits[row]) }
            finish(id) { job in
                reply(Result { try self.fork(job.context, count, isNumbered: isNumbered) })
            }
        case .stitch(let threads, let reply):
            finish(id) { job in
                reply(Result { try self.stitch(threads, into: job.context) })
            }
        case .score(let call): finish(id) { _ in call.reply(.success(call.scores)) }
        case .group(let call):
            keep(job.context)
            if let logits, let row = rows.last { contexts[job.context]?.logits = Array(logits[row]) }
            finish(id) { job in call.reply(Result { try self.makeGroup(call, of: job.context) }) }
        case .groupStep(let members, let reply):
            guard advance(members, of: job.context, past: job.feeds) else {
                jobs[id]?.feeds = []
                return enqueue(id)
            }
            finish(id) { job in
                reply(Result { try self.draw(members, of: job.context, logits, rows) })
            }
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
        case .groupStep: groups[job.context]?.job = nil
        case .open, .extend, .decode, .fork, .rejoin, .warm, .group: break
        }
        tell(job)
        if case .group(let call) = job.purpose {
            for context in call.textContexts { cache.release(context) }
        }
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

    private func fork(
        _ context: ContextID, _ count: Int, isNumbered: Bool
    ) throws(EngineError) -> [ContextID] {
        do {
            let threads = try cache.fork(context, count: count)
            for (index, thread) in threads.enumerated() {
                contexts[thread] = share(context)
                guard isNumbered else { continue }
                contexts[thread]?.thought = index + 1
                // Its keys depend on its number too.
                cache.seal(thread)
            }
            contexts[context]?.openThreads.formUnion(threads)
            return threads
        } catch {
            throw error.engineError
        }
    }

    /// The state of a context that goes on where another one is.
    func share(_ context: ContextID) -> ContextState? {
        guard let current = contexts[context] else { return nil }
        let state = ContextState(copying: current)
        state.origin = (context, state.tokens.count)
        state.depth += 1
        state.openThreads = []
        state.job = nil
        state.ahead = nil
        return state
    }

    private func stitch(_ threads: [ContextID], into context: ContextID) throws(EngineError) {
        do throws(KVCacheError) {
            for thread in threads {
                keep(thread)
                let (resident, count) = (cache.residentCount(of: thread), contexts[thread]?.tokens.count ?? 0)
                // With a token missing, everything after it would stand at a wrong position.
                guard resident == count else {
                    throw KVCacheError.shortThread(thread, tokens: resident, expected: count)
                }
            }
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

    /// Draws the next tokens of a decode call, one more than were guessed right, and asks for those after them.
    private func draw(
        _ id: JobID, _ context: ContextID, _ call: DecodingCall, _ computed: LogitsView?, _ rows: Range<Int>
    ) {
        // They refer to the context's tokens, which are about to grow, and to the guess.
        jobs[id]?.feeds.removeAll(keepingCapacity: true)
        let first = cache.nextPosition(of: context) - call.draft.count
        var drawn = 0
        var stop: StopReason?
        do {
            repeat {
                guard first + drawn < contextLength else {
                    stop = .contextFull
                    break
                }
                let sampled: SampledToken
                if let computed, drawn < rows.count {
                    sampled = try draw(call, at: first + drawn, from: computed[rows.lowerBound + drawn])
                } else {
                    // The context was forked right here, and what follows was computed then.
                    sampled = try (contexts[context]?.logits ?? []).withUnsafeBufferPointer {
                        try draw(call, at: first + drawn, from: $0)
                    }
                }
                call.sink.yield(append(sampled, to: context))
                drawn += 1
                if let tag = call.stops[sampled.id] {
                    stop = .control(tag)
                } else if call.count == call.maximumTokens {
                    stop = .tokenLimit
                }
                guard stop == nil, drawn <= call.draft.count, call.draft[drawn - 1] == sampled.id else { break }
            } while true
        } catch {
            takeBack(context, drawn, call)
            return finish(id) { _ in call.sink.fail(error) }
        }
        takeBack(context, drawn, call)
        if let stop { return finish(id) { _ in call.sink.finish(stop) } }
        enqueue(id)
    }

    /// Draws one token.
    private func draw(
        _ call: DecodingCall, at position: Int, from logits: UnsafeBufferPointer<Float>
    ) throws(EngineError) -> SampledToken {
        let mask = try call.mask.next()
        let sampled = try call.sampler.draw(from: logits, position: position, seen: call.seen, mask: mask)
        call.mask.advance(sampled.id)
        if call.sampler.needsHistory { call.seen.insert(sampled.id) }
        call.count += 1
        statistics.decodedTokens += 1
        return sampled
    }

    /// Takes wrong guesses out of the cache, and the last token drawn, which is run when what follows it is asked for.
    private func takeBack(_ context: ContextID, _ drawn: Int, _ call: DecodingCall) {
        guard !call.draft.isEmpty else { return }
        let accepted = max(0, drawn - 1)
        statistics.draftedTokens += call.draft.count
        statistics.acceptedTokens += min(accepted, call.draft.count)
        if call.forcedCount == 0 { call.lookup.record(drafted: call.draft.count, accepted: accepted) }
        call.draft.removeAll(keepingCapacity: true)
        if let count = contexts[context]?.tokens.count { cache.truncate(context, to: count - 1) }
    }

    /// Makes a drawn token part of its context.
    private func append(_ sampled: SampledToken, to context: ContextID) -> DecodedToken {
        let tag = vocabulary.tags[sampled.id]
        var text = ""
        if let state = contexts[context] {
            if tag == nil {
                text = state.text.append(sampled.id)
            } else {
                state.text = TextDecoder(tokenizer)
            }
            state.tokens.append(sampled.id)
            state.logits = nil
        }
        return DecodedToken(id: sampled.id, text: text, control: tag, logProbability: sampled.logProbability)
    }
}
