internal import Braid

/// Several tokens of a context in one step: a guess of what follows is run together with the token before it, and every
/// token is then drawn from the model's own logits, with its own random number, as if it had come alone. The guess counts
/// as far as the draws agree with it (exact match, the greedy case of Leviathan et al. 2023, arXiv 2211.17192, which holds
/// here for every temperature because number and logits of a position are fixed), so no token depends on it.
extension InferenceLoop {
    /// Prepares a guess for the next step of a job.
    /// - Parameter rows: Rows that the job needs; only a single decode step is worth a guess.
    /// - Returns: Its length; 0 for a job that does not decode.
    func guess(for job: InferenceJob, rows: Int) -> Int {
        guard case .decode(let call) = job.purpose, let state = contexts[job.context] else { return 0 }
        call.draft.removeAll(keepingCapacity: true)
        call.forcedCount = 0
        guard speculates, rows == 1 else { return 0 }
        // The last token of a call and of a full context is drawn, but never run.
        let position = cache.nextPosition(of: job.context)
        let limit = min(
            BatchScheduler.speculativeRows, call.maximumTokens - call.count - 1, contextLength - position - 1)
        guard limit > 0 else { return 0 }
        call.draft += call.mask.forced(limit: limit)
        call.forcedCount = call.draft.count
        if call.draft.isEmpty { call.draft += call.lookup.draft(after: state.tokens, limit: limit) }
        return call.draft.count
    }

    /// Room for as much of a guess as there are rows for, behind the token that runs next; never at the cost of a page that
    /// could be found again.
    func draftFeed(for job: InferenceJob, rows: Int) -> InferenceJob.Feed? {
        guard case .decode(let call) = job.purpose else { return nil }
        let count = max(0, min(rows, call.draft.count))
        call.draft.removeLast(call.draft.count - count)
        do {
            guard count > 0, try cache.pagesNeeded(toAppend: count, to: job.context) <= cache.pool.freeCount else {
                call.draft.removeAll(keepingCapacity: true)
                return nil
            }
            let reservation = try cache.append(count, to: job.context)
            if let copy = reservation.copy { memory.perform(copy) }
            return InferenceJob.Feed(
                context: job.context, tokens: call.draft[...], reservation: reservation, wanted: .all)
        } catch {
            // Without room there is no guess.
            call.draft.removeAll(keepingCapacity: true)
            return nil
        }
    }
}
