internal import Braid

/// Who gets pages, and who gives them up.
///
/// A job whose tokens are not all in the cache waits, between two steps, until there is room for them. The oldest job is
/// looked at first. What contexts do not hold any more is taken first, the longest unused page before all others; then
/// contexts that nobody works on give up theirs, then those with younger jobs, the youngest first. A context that has
/// given up its pages keeps its tokens; they are run again when somebody asks, and give the same numbers, because a row
/// does not depend on what runs beside it. So the oldest job always gets on, and memory changes no token.
///
/// A stitched context is no plain function of its tokens, so it is never asked to give up anything.
extension InferenceLoop {
    /// Lets a job wait for room.
    func enqueue(_ id: JobID) {
        guard jobs[id]?.isWaiting == false else { return }
        jobs[id]?.isWaiting = true
        waiting.append(id)
    }

    /// Gives rows to jobs that wait and find room, or, where nothing would ever make room, an error.
    func admitWaiting() {
        var held: [JobID] = []
        var isBlocked = false
        // Admitting a job may preempt another, which then waits too, or complete it, so that it wants its next token.
        while !waiting.isEmpty {
            swap(&queue, &waiting)
            queue.removeAll { jobs[$0]?.isWaiting != true }
            if queue.count > 1 {
                queue.sort { first, second in
                    guard let one = jobs[first]?.age, let other = jobs[second]?.age else { return false }
                    return one < other
                }
            }
            for id in queue where jobs[id]?.isWaiting == true {
                if !admit(id, unlessItTakesPages: isBlocked) {
                    held.append(id)
                    isBlocked = true
                }
            }
            queue.removeAll(keepingCapacity: true)
        }
        waiting += held
    }

    /// Reserves room for a job's rows and queues them.
    /// - Parameter isBlocked: Whether an older job waits for pages, so that this one must do with those it has.
    /// - Returns: False when it has to wait for others to finish.
    private func admit(_ id: JobID, unlessItTakesPages isBlocked: Bool) -> Bool {
        while let job = jobs[id] {
            do {
                try makeFeeds(for: job, mayTakePages: !isBlocked)
                job.isWaiting = false
                let rows = job.left
                if rows == 0 {
                    complete(id, nil, 0..<0)
                } else {
                    let drafts = guess(for: job, rows: rows)
                    scheduler.supply(
                        id, of: job.age.question, work(of: job, rows: rows), rows: rows, drafts: drafts)
                }
                return true
            } catch let error as KVCacheError {
                guard case .outOfPages = error else {
                    abandon(id, error.engineError)
                    return true
                }
                if case .warm(let reply) = job.purpose {
                    // Not worth anybody's pages.
                    finish(id) { _ in reply(.success(())) }
                    return true
                }
                if !isBlocked, let victim = victim(for: job) {
                    preempt(victim)
                    continue
                }
                guard scheduler.isIdle else { return false }
                abandon(id, error.engineError)
                return true
            } catch {
                abandon(id, error)
                return true
            }
        }
        return true
    }

    private func work(of job: InferenceJob, rows: Int) -> BatchScheduler.Work {
        switch job.purpose {
        case .open: return .prompt
        case .decode:
            // Tokens that have to be run again are a prefill before they are a decode step.
            guard rows == 1, let state = contexts[job.context] else { return .prefill }
            return .decode(depth: state.depth, decoded: state.tokens.count - (state.origin?.tokenCount ?? 0))
        case .groupStep: return .step
        case .extend, .fork, .stitch, .rejoin, .warm, .score, .group: return .prefill
        }
    }

    /// Gives a job rows for the tokens that it needs in the cache and that are not there; all or none.
    private func makeFeeds(for job: InferenceJob, mayTakePages: Bool) throws {
        job.feeds.removeAll(keepingCapacity: true)
        residentCounts.removeAll(keepingCapacity: true)
        do {
            switch job.purpose {
            case .score(let call): try makeFeeds(for: call, of: job, mayTakePages)
            case .groupStep(let members, _):
                try stepFeeds(for: members, of: job.context, mayTakePages: mayTakePages, into: &job.feeds)
            case .open, .extend, .rejoin: try makeFeeds(for: job, in: job.context, isLastPending: true, mayTakePages)
            case .decode, .fork: try makeFeeds(for: job, in: job.context, wanted: .last, mayTakePages)
            case .group(let call):
                residentCounts += call.textContexts.map { ($0, cache.residentCount(of: $0)) }
                try textFeeds(for: call, mayTakePages: mayTakePages, into: &job.feeds)
                try makeFeeds(for: job, in: job.context, wanted: .last, mayTakePages)
            case .stitch(let threads, _):
                try makeFeeds(for: job, in: job.context, mayTakePages)
                for thread in threads { try makeFeeds(for: job, in: thread, mayTakePages) }
            case .warm: try makeFeeds(for: job, in: job.context, mayTakePages)
            }
            for (context, residentCount) in residentCounts { count(context, from: residentCount, job.feeds) }
        } catch {
            job.feeds.removeAll(keepingCapacity: true)
            for (context, residentCount) in residentCounts { cache.truncate(context, to: residentCount) }
            throw error
        }
    }

    /// Makes room for a context's tokens, but for the last one if it is left pending.
    private func makeFeeds(
        for job: InferenceJob, in context: ContextID, isLastPending: Bool = false,
        wanted: ForwardBatch.LogitsWanted = .none, _ mayTakePages: Bool
    ) throws {
        guard let state = contexts[context] else { throw KVCacheError.unknownContext(context) }
        residentCounts.append((context, cache.residentCount(of: context)))
        try reserve(
            state.tokens, upTo: state.tokens.count - (isLastPending ? 1 : 0), in: context, wanted, mayTakePages,
            into: &job.feeds)
    }

    private func makeFeeds(for call: ScoringCall, of job: InferenceJob, _ mayTakePages: Bool) throws {
        guard let state = contexts[job.context] else { throw KVCacheError.unknownContext(job.context) }
        let trial = try cache.share(job.context)
        call.restart()
        do {
            // The row before the first token to be scored may have run already.
            var first = state.tokens.count - 1
            if let logits = state.logits {
                try logits.withUnsafeBufferPointer { try call.take($0, kernels: kernels) }
                first += 1
            }
            let tokens = state.tokens + call.tokens.dropLast()
            try reserve(tokens, upTo: first, in: trial, .none, mayTakePages, into: &job.feeds)
            try reserve(tokens, upTo: tokens.count, in: trial, .all, mayTakePages, into: &job.feeds)
            call.trial = trial
        } catch {
            cache.release(trial)
            throw error
        }
    }

    /// Makes room for the tokens of a context up to `count`, as far as the cache does not have them.
    private func reserve(
        _ tokens: [TokenID], upTo count: Int, in context: ContextID, _ wanted: ForwardBatch.LogitsWanted,
        _ mayTakePages: Bool, into feeds: inout [InferenceJob.Feed]
    ) throws {
        var resident = cache.residentCount(of: context)
        if count - resident > 1, wanted != .all {
            // What is found needs no row, and the last row is needed for its logits.
            resident += cache.resume(context, tokens, upTo: wanted == .last ? count - 1 : count)
        }
        guard count > resident else { return }
        if !mayTakePages {
            let needed = try cache.pagesNeeded(toAppend: count - resident, to: context)
            guard needed == 0 else { throw KVCacheError.outOfPages(needed: needed, free: 0) }
        }
        let reservation = try cache.append(count - resident, to: context)
        if let copy = reservation.copy { memory.perform(copy) }
        feeds.append(
            .init(context: context, tokens: tokens[resident..<count], reservation: reservation, wanted: wanted))
    }

    /// Takes note of what was found in the prefix tree, and of what is run once more.
    private func count(_ context: ContextID, from residentCount: Int, _ feeds: [InferenceJob.Feed]) {
        guard let reach = contexts[context]?.reach else { return }
        let feed = feeds.first { $0.context == context }
        let found = feed?.reservation.firstIndex ?? cache.residentCount(of: context)
        let end = found + (feed?.tokens.count ?? 0)
        statistics.cachedTokens += max(0, found - max(reach, residentCount))
        statistics.recomputedTokens += max(0, min(reach, end) - found)
        contexts[context]?.reach = max(reach, end)
    }

    /// Who gives up its pages so that a job gets on: a context that nobody works on, else one with a younger job.
    private func victim(for job: InferenceJob) -> ContextID? {
        var idle: ContextAge?
        var busy: ContextAge?
        let partners = job.partners
        for (id, state) in contexts where id != job.context && !partners.contains(id) && cache.canVacate(id) {
            let age = ContextAge(question: state.question, context: id)
            if let user = user(of: id).flatMap({ jobs[$0]?.age }) {
                if user > job.age { busy = max(busy ?? age, age) }
            } else {
                idle = max(idle ?? age, age)
            }
        }
        return (idle ?? busy)?.context
    }

    /// The job that works on a context, or needs it for another one.
    private func user(of context: ContextID) -> JobID? {
        contexts[context]?.job ?? jobs.first { $0.value.partners.contains(context) }?.key
    }

    /// Takes a context's pages. Full ones can still be found in the prefix tree, until the room is really needed.
    private func preempt(_ context: ContextID) {
        if let id = user(of: context) {
            withdraw(id)
            if case .warm(let reply)? = jobs[id]?.purpose {
                finish(id) { _ in reply(.success(())) }
            } else {
                enqueue(id)
            }
        }
        keep(context)
        cache.vacate(context)
        contexts[context]?.logits = nil
        statistics.preemptedContexts += 1
    }

    /// Takes a job's rows away; what has run stays in the cache.
    func withdraw(_ id: JobID) {
        guard let job = jobs[id] else { return }
        scheduler.remove(id)
        for feed in job.feeds.reversed() where feed.left > 0 {
            cache.truncate(feed.context, to: feed.reservation.firstIndex + feed.done)
        }
        jobs[id]?.feeds = []
        if case .score(let call) = job.purpose, let trial = call.trial {
            cache.release(trial)
            call.restart()
        }
    }

    /// Puts what a context has in the cache into the prefix tree. All of it must have been run.
    func keep(_ context: ContextID) {
        guard let tokens = contexts[context]?.tokens else { return }
        cache.keep(context, tokens)
    }
}
