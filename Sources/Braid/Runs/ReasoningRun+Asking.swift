import Synchronization

extension ReasoningRun {
    /// Asks the model in plain words.
    /// - Returns: the samples in order; a sample that was cut or failed says so in ``Completion/outcome``.
    /// - Throws: as for several calls.
    public func ask(_ call: PromptedCall, on other: (any Engine)? = nil) async throws -> [Completion] {
        try await ask([call], on: other).first ?? []
    }

    /// Asks several things at the same time, each in a child task and a context of its own.
    ///
    /// Another engine may be asked, such as a smaller one that plans; the budget is the same.
    ///
    /// A call is a thread of the main line, on record with the calls it comes after. At most ``Budget/maximumThreads``
    /// samples decode at the same time, over all calls of the run; every token is charged to the budget. A call that fails
    /// or is cut does not hold up the others.
    /// - Parameter ended: called with a call's place and samples as it ends, also when the run is being stopped.
    /// - Returns: the samples of each call, in order; a sample that was cut or failed says so in ``Completion/outcome``.
    /// - Throws: ``RunError/invalidOption(name:value:allowed:)`` before anything is asked; `CancellationError` when the run
    ///   is stopped, after all its calls have ended.
    public func ask(
        _ calls: [PromptedCall], on other: (any Engine)? = nil,
        ended: @Sendable (Int, [Completion]) -> Void = { _, _ in }
    ) async throws -> [[Completion]] {
        try checkStop()
        for call in calls { try call.check() }
        let placed = place(calls)
        let completions = await withTaskGroup(of: (Int, [Completion]).self) { group in
            for (index, (call, place)) in zip(calls, placed).enumerated() {
                group.addTask { (index, await self.perform(call, on: other ?? self.engine, at: place)) }
            }
            var completions: [[Completion]] = Array(repeating: [], count: calls.count)
            for await (index, samples) in group {
                completions[index] = samples
                ended(index, samples)
            }
            return completions
        }
        try checkStop()
        return completions
    }

    /// Settles for this answer in case the run is stopped before its method returns; a later one replaces it.
    public func settle(for answer: String) {
        state.withLock { $0.settledAnswer = answer }
    }

    /// Where a call stands in the record, and what decides its draws.
    struct Place {
        var number: Int
        var outline: Outline
        var thread: String
        /// Unlike the thread's path it does not depend on which of two independent calls came first.
        var seedPath: String
    }

    /// Gives calls their numbers, in order, and writes them down.
    func place(_ calls: [PromptedCall]) -> [Place] {
        guard !calls.isEmpty else { return [] }
        let root = TrajectoryRecorder.root
        let places = state.withLock { state in
            let paths = recorder.paths(forThreadsOf: root, count: calls.count)
            let places = zip(calls, paths).map { call, path in
                state.callCount += 1
                state.callsByLabel[call.label, default: 0] += 1
                return Place(
                    number: state.callCount,
                    outline: Outline(number: state.callCount, after: call.after, text: " " + call.label), thread: path,
                    seedPath: "\(root)/\(call.label)#\(state.callsByLabel[call.label] ?? 0)")
            }
            // Within the lock, so that a call is never on record before those it comes after.
            recorder.addCalls(places.map { ($0.thread, $0.outline) }, to: root)
            return places
        }
        events.send(.forked(thread: root, outlines: places.map(\.outline), into: places.map(\.thread)))
        return places
    }

    /// Performs one call to its end, or to the end of its time; whatever goes wrong becomes the outcome of its samples.
    private func perform(_ call: PromptedCall, on engine: any Engine, at place: Place) async -> [Completion] {
        guard budget.threadTimeout != nil, !call.answers else {
            return await performUntimed(call, on: engine, at: place)
        }
        let timed = TimedCall()
        await withinThreadTimeout(
            of: place.thread,
            { timed.finish(await self.performUntimed(call, on: engine, at: place)) },
            onTimeout: { timed.timeOut() })
        return timed.completions
    }

    private func performUntimed(_ call: PromptedCall, on engine: any Engine, at place: Place) async -> [Completion] {
        let width = min(call.samples, slots.count)
        do {
            try await slots.take(width)
            defer { slots.giveBack(width) }
            try checkStop()
            guard grantedTokens(for: call, decoded: 0) > 0 else {
                return failed(call, at: place, .tokenLimit)
            }
            events.send(.threadStarted(thread: place.thread, outline: place.outline))
            let start = seconds
            let prompt = call.prompt.following(question.conversation)
            let context = try await engine.open(asking: prompt)
            state.withLock { $0.contexts[place.thread] = context }
            let count = await context.tokenCount
            recorder.append(
                Segment(
                    origin: .prompt, text: prompt.plainText.rendered, tokenCount: count, start: start,
                    end: seconds), to: place.thread)
            charge(prefilled: count, in: place.thread)
            let completions =
                call.samples == 1
                ? [await complete(context, call, at: place)] : try await sample(context, call, width, at: place)
            await close(context, of: place.thread)
            if call.samples > 1 { note(place.thread, completions.firstFailure ?? .finished, returned: nil) }
            return completions
        } catch  where isStopped {
            return failed(call, at: place, stopOutcome)
        } catch EngineError.contextTooLong {
            return failed(call, at: place, .contextFull)
        } catch {
            return failed(call, at: place, .failed("\(error)"))
        }
    }

    /// Draws several answers to one prompt, `width` at a time.
    private func sample(
        _ context: any EngineContext, _ call: PromptedCall, _ width: Int, at place: Place
    ) async throws -> [Completion] {
        let contexts = try await context.fork(call.samples)
        let paths = recorder.paths(forThreadsOf: place.thread, count: call.samples)
        recorder.fork(place.thread, outlines: [], threads: paths, outlineTokens: 0)
        events.send(.forked(thread: place.thread, outlines: [], into: paths))
        state.withLock { state in
            for (path, context) in zip(paths, contexts) { state.contexts[path] = context }
        }
        for path in paths { recorder.begin(path, outline: nil) }
        return await withTaskGroup(of: (Int, Completion).self) { group in
            var completions: [Completion?] = Array(repeating: nil, count: call.samples)
            for (index, context) in contexts.enumerated() {
                if index >= width, let (ended, completion) = await group.next() { completions[ended] = completion }
                group.addTask {
                    var own = place
                    own.thread = paths[index]
                    own.seedPath += ".\(index + 1)"
                    self.events.send(.threadStarted(thread: own.thread, outline: nil))
                    let completion = await self.complete(context, call, at: own)
                    await self.close(context, of: own.thread)
                    return (index, completion)
                }
            }
            for await (ended, completion) in group { completions[ended] = completion }
            return completions.compactMap(\.self)
        }
    }

    /// Decodes one answer to its end.
    private func complete(_ context: any EngineContext, _ call: PromptedCall, at place: Place) async -> Completion {
        var completion = Completion(call: place.number, thread: place.thread, text: "")
        do {
            try await read(context, call, at: place, into: &completion)
        } catch  where isStopped {
            completion.outcome = stopOutcome
        } catch EngineError.contextTooLong {
            completion.outcome = .contextFull
        } catch {
            completion.outcome = .failed("\(error)")
        }
        if completion.outcome != .finished { completion.ending = nil }
        note(place.thread, completion.outcome, returned: completion.trimmed)
        return completion
    }

    private func read(
        _ context: any EngineContext, _ call: PromptedCall, at place: Place, into completion: inout Completion
    ) async throws {
        try checkStop()
        let granted = grantedTokens(for: call, decoded: 0)
        let wanted = call.maximumTokens ?? Int.max
        guard granted > 0 else {
            completion.outcome = .tokenLimit
            return
        }
        let options = DecodingOptions(
            sampling: call.sampling ?? sampling, seed: ThreadSeed.derive(from: seed, path: place.seedPath), stops: [],
            maximumTokens: min(wanted, granted), form: call.form)
        var text = TextStops(call.stops)
        defer { completion.text = text.text }
        var lengthBeforeLast = 0
        var endsWithTag = false
        var decoded = 0
        var start = seconds
        // Leaving the loop drops the engine's stream, which ends the decode call.
        for try await event in context.decode(options) {
            switch event {
            case .token(let token):
                let end = seconds
                recorder.append(token, to: place.thread, start: start, end: end)
                events.send(.token(thread: place.thread, token: token))
                start = end
                decoded += 1
                completion.tokenCount = decoded
                if let value = token.logProbability { completion.logProbabilities.append(value) }
                let left = state.withLock { state in
                    state.ledger.decodedToken()
                    return Self.grantedTokens(by: state.ledger, for: call, decoded: decoded)
                }
                lengthBeforeLast = text.length
                endsWithTag = token.control != nil
                if let stop = text.take(token.control ?? token.text) {
                    completion.ending = .stop(stop)
                    return
                }
                try checkStop()
                if left == 0, decoded < wanted {
                    completion.outcome = .tokenLimit
                    return
                }
            case .stop(.control):
                // The tag that ended the call was its last token; engines that give text only end without one.
                if endsWithTag { text.cut(to: lengthBeforeLast) }
                completion.ending = .modelEnd
            case .stop(.tokenLimit) where decoded >= wanted: completion.ending = .maximumTokens
            case .stop(.tokenLimit): completion.outcome = .tokenLimit
            case .stop(.contextFull): completion.outcome = .contextFull
            }
            if case .stop = event { return }
        }
        try checkStop()
        throw EngineError.failed("its token stream ended without saying why")
    }

    /// Most tokens that a sample may still decode.
    private func grantedTokens(for call: PromptedCall, decoded: Int) -> Int {
        state.withLock { Self.grantedTokens(by: $0.ledger, for: call, decoded: decoded) }
    }

    private static func grantedTokens(by ledger: BudgetLedger, for call: PromptedCall, decoded: Int) -> Int {
        ledger.decodableTokens(
            decoded: decoded, depth: call.answers ? 0 : 1, line: call.answers ? .main : .thread)
    }

    /// Ends a call that never got to decode.
    private func failed(_ call: PromptedCall, at place: Place, _ outcome: ThreadOutcome) -> [Completion] {
        note(place.thread, outcome, returned: nil)
        return Array(
            repeating: Completion(call: place.number, thread: place.thread, text: "", outcome: outcome),
            count: call.samples)
    }

    /// Writes down how a call or a sample ended.
    func note(_ thread: String, _ outcome: ThreadOutcome, returned: String?) {
        let kept = returned?.isEmpty == true ? nil : returned
        if outcome.isCut { events.send(.budgetCut(thread: thread, outcome: outcome)) }
        recorder.finish(thread, outcome: outcome, returned: kept)
        events.send(.threadFinished(thread: thread, outcome: outcome, returned: kept))
    }

    private func close(_ context: any EngineContext, of thread: String) async {
        state.withLock { $0.contexts[thread] = nil }
        await context.close()
    }
}
