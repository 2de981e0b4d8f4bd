import Synchronization

/// One question answered once by one method: the one object that a method talks to.
///
/// It holds budget, recorder, events and cancellation and turns each of the four verbs into both, so a method is only
/// its idea. Threads are child tasks of the fork that started them: cancelling the task that awaits ``answer()`` stops
/// every thread between two tokens. Whatever way a run ends, all its contexts are closed before ``answer()`` returns.
public final class ReasoningRun: Sendable {
    /// Why a run must stop before its method is done.
    private enum StopCause: Sendable {
        case deadline
    }

    private struct State {
        var ledger: BudgetLedger
        var hasStarted = false
        var stopCause: StopCause?
        var contexts: [String: any EngineContext] = [:]
    }

    /// What is asked.
    public let question: Question
    /// What the run may use up.
    public let budget: Budget
    /// How tokens are drawn.
    public let sampling: SamplingParameters
    /// Decides every draw, together with a thread's path.
    public let seed: UInt64
    /// What happens, as it happens; ends when the run ends.
    public let events = ReasoningEvents()

    private let method: any ReasoningMethod
    private let engine: any Engine
    private let description: EngineDescription
    private let dialect: Dialect
    private let recorder: TrajectoryRecorder
    private let makeClock: @Sendable () -> RunClock
    private let clock: Mutex<RunClock>
    private let state: Mutex<State>

    /// Prepares a run; nothing happens before ``answer()``.
    /// - Parameter clock: measures the deadline and the record's times.
    /// - Throws: ``RunError`` when the engine lacks what the method's dialect needs.
    public init(
        _ question: Question, by method: any ReasoningMethod, on engine: any Engine, budget: Budget = .standard,
        sampling: SamplingParameters = .greedy, seed: UInt64 = 0, clock: some Clock<Duration> = ContinuousClock()
    ) throws(RunError) {
        let description = engine.description
        dialect = try Self.usable(method, on: description)
        self.question = question
        self.method = method
        self.engine = engine
        self.description = description
        self.budget = budget
        self.sampling = sampling
        self.seed = seed
        recorder = TrajectoryRecorder(
            Trajectory(
                question: question, dialect: method.dialect.name, method: method.name, model: description.model,
                engine: description.name, seed: seed, root: ReasoningThread(id: TrajectoryRecorder.root)))
        makeClock = { RunClock(clock) }
        self.clock = Mutex(RunClock(clock))
        state = Mutex(State(ledger: BudgetLedger(budget)))
    }

    /// Answers a question without listening to the run's events.
    public static func answer(
        _ question: Question, by method: any ReasoningMethod, on engine: any Engine, budget: Budget = .standard,
        sampling: SamplingParameters = .greedy, seed: UInt64 = 0, clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> RunOutcome {
        let run = try ReasoningRun(
            question, by: method, on: engine, budget: budget, sampling: sampling, seed: seed, clock: clock)
        return try await run.answer()
    }

    /// The record so far; complete once ``answer()`` has returned or thrown.
    public var trajectory: Trajectory { recorder.trajectory }

    /// Runs the method.
    ///
    /// A run that was cancelled, or cut by its budget or deadline, returns what it has; ``Answer/outcome`` says so.
    /// - Throws: ``RunError/alreadyStarted``, and what the engine throws on the main line.
    public func answer() async throws -> RunOutcome {
        let isFirst = state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
        guard isFirst else { throw RunError.alreadyStarted }
        clock.withLock { $0 = makeClock() }
        events.send(.runStarted(question: question, method: method.name, model: description.model))
        let result: Result<Answer, any Error>
        do {
            result = .success(try await withinDeadline { try await self.method.answer(self.question, in: self) })
        } catch {
            result = .failure(error)
        }
        return try await end(result)
    }

    // MARK: Verbs

    /// Starts the main line with the question in the dialect's frame.
    /// - Parameter mayFork: false forbids the model to fork, whatever the budget.
    public func open(mayFork: Bool = true) async throws -> LiveThread {
        let prompt = dialect.prompt(for: question)
        recorder.begin(TrajectoryRecorder.root, outline: nil)
        let start = seconds
        let context = try await engine.open(prompt)
        let thread = LiveThread(
            id: TrajectoryRecorder.root, outline: nil, depth: 0, context: context, line: .main,
            mayFork: mayFork && budget.maximumDepth > 0, dialect: dialect)
        keep(context, of: thread)
        let count = await context.tokenCount
        record(.prompt, prompt.rendered, tokens: count, in: thread.id, since: start)
        events.send(.prefilled(thread: thread.id, tokens: count))
        return thread
    }

    /// Decodes until the line forks or ends.
    /// - Returns: the outlines to fork into, never empty; nil when the line is over, see ``LiveThread/outcome``.
    /// - Throws: what the engine throws, and `CancellationError`.
    public func decode(_ thread: LiveThread) async throws -> [Outline]? {
        while thread.outcome == nil, let context = thread.context {
            try Task.checkCancellation()
            let decoded = thread.state.withLock { $0.decodedCount }
            let (allowed, forkable) = state.withLock {
                (
                    $0.ledger.decodableTokens(decoded: decoded, depth: thread.depth),
                    $0.ledger.forkableThreads(depth: thread.depth)
                )
            }
            guard allowed > 0 else {
                cut(thread, .tokenLimit)
                break
            }
            let options = options(for: thread, tokens: allowed, outlines: thread.mayFork ? forkable : 0)
            switch try await read(context.decode(options), into: thread) {
            case .tokenLimit: cut(thread, .tokenLimit)
            case .contextFull: cut(thread, .contextFull)
            case .control(let tag) where tag == dialect.outlines.close:
                let outlines = thread.state.withLock { $0.outlines }
                if !outlines.isEmpty { return outlines }
            case .control(let tag): finish(thread, at: tag)
            }
        }
        return nil
    }

    /// Forks a line into one thread for each outline and runs them at the same time, each in a child task.
    ///
    /// A thread starts when those it comes after have ended. A thread that the budget does not let start, that is cut, or
    /// that throws has that as its outcome; the others go on.
    /// - Returns: the threads in outline order, all of them ended.
    /// - Throws: what the engine throws at the fork itself, and `CancellationError`.
    public func fork(
        _ parent: LiveThread, into outlines: [Outline],
        each body: @escaping @Sendable (LiveThread) async throws -> Void
    ) async throws -> [LiveThread] {
        let threads = try await split(parent, outlines: outlines.map(Optional.some), line: .thread)
        var schedule = ForkSchedule(outlines)
        await withTaskGroup(of: Int.self) { group in
            var ready = schedule.ready()
            while true {
                for index in ready {
                    let thread = threads[index]
                    let needed = outlines[index].after.compactMap { number in
                        zip(outlines, threads).first { $0.0.number == number }?.1
                    }
                    group.addTask {
                        await self.perform(thread, seeded: self.seedText(of: thread, after: needed), body)
                        return index
                    }
                }
                guard let index = await group.next() else { break }
                schedule.finished(index)
                ready = schedule.ready()
            }
        }
        try Task.checkCancellation()
        return threads
    }

    /// Forks a line into `count` lines that each go on from here by themselves, with draws of their own.
    /// - Returns: the lines in order, all of them ended.
    /// - Throws: as ``fork(_:into:each:)``.
    public func fork(
        _ parent: LiveThread, count: Int, each body: @escaping @Sendable (LiveThread) async throws -> Void
    ) async throws -> [LiveThread] {
        let threads = try await split(parent, outlines: Array(repeating: nil, count: max(0, count)), line: parent.line)
        await withTaskGroup(of: Void.self) { group in
            for thread in threads {
                group.addTask { await self.perform(thread, seeded: nil, body) }
            }
        }
        try Task.checkCancellation()
        return threads
    }

    /// Brings threads back into the line that forked them, as the dialect shows them.
    ///
    /// Where a thread has no return, the parent sees the dialect's ``Dialect/failedReturn``. When the joined text does not
    /// fit the context, the line's outcome is ``ThreadOutcome/contextFull``.
    public func join(_ threads: [LiveThread], into parent: LiveThread) async throws {
        try Task.checkCancellation()
        guard let context = parent.context, parent.outcome == nil else { return }
        let start = seconds
        let before = await context.tokenCount
        let joined = dialect.joinedText(threads.compactMap { joinedThread($0) })
        let shown = dialect.joinedText(threads.compactMap { joinedThread($0, asText: true) })
        do {
            switch dialect.join {
            case .reprefill:
                try await context.join(threads.compactMap(\.context), as: .reprefill(joined))
            case .stitch:
                let whole = threads.filter { $0.outcome == .finished }
                for thread in threads where thread.outcome != .finished { await thread.context?.close() }
                try await context.join(whole.compactMap(\.context), as: .stitch)
                if dialect.blockEnd == .runtime { try await context.extend(dialect.blockEndText) }
            }
        } catch EngineError.contextTooLong {
            cut(parent, .contextFull)
            return
        }
        for thread in threads { forget(thread) }
        let count = await context.tokenCount - before
        let segment = Segment(
            origin: .joined, text: dialect.join == .stitch ? dialect.blockEndText.rendered : shown.rendered,
            tokenCount: dialect.join == .stitch ? dialect.blockEndText.pieces.count : count, start: start, end: seconds)
        recorder.join(parent.id, as: dialect.join, joined: segment)
        parent.state.withLock { state in
            state.parser.joined()
            state.outlines = []
            state.outlineTokens = 0
            state.start = dialect.blockEnd == .model ? .blockEnd : .body
            state.content += joined.pieces
        }
        events.send(.joined(thread: parent.id, threads: threads.map(\.id), tokens: count))
    }

    /// Gives a line's context back before the run ends; closing twice is harmless.
    public func close(_ thread: LiveThread) async {
        forget(thread)
        await thread.context?.close()
    }

    /// The answer that stands in a line, or why there is none.
    public func answer(in thread: LiveThread) -> Answer {
        let (tagged, text, outcome) = thread.state.withLock { ($0.answer, $0.text, $0.outcome) }
        let found = AnswerExtractor(dialect).answer(tagged: tagged, in: text)
        return Answer(text: found, outcome: outcome ?? .finished)
    }

    // MARK: Decoding

    private func options(for thread: LiveThread, tokens: Int, outlines: Int) -> DecodingOptions {
        var stops = dialect.ends
        if thread.line == .thread { stops.insert(dialect.thread.close) }
        if thread.mayFork { stops.insert(dialect.outlines.close) }
        let (start, thinking) = thread.state.withLock { ($0.start, $0.parser.thinking) }
        let grammar = ControlGrammar(
            dialect, line: thread.line, start: start, maximumOutlines: outlines, thinking: thinking)
        return DecodingOptions(
            sampling: sampling, seed: ThreadSeed.derive(from: seed, path: thread.id), stops: stops,
            maximumTokens: tokens, grammar: description.masksTokens ? grammar : nil)
    }

    /// Reads one decode call to its end; the budget is charged token by token.
    private func read(_ tokens: DecodedTokens, into thread: LiveThread) async throws -> StopReason {
        var start = seconds
        for try await event in tokens {
            switch event {
            case .stop(let reason): return reason
            case .token(let token):
                let now = seconds
                take(token, into: thread, start: start, end: now)
                start = now
                try Task.checkCancellation()
                if let deadline = budget.deadline, elapsed >= deadline {
                    stopForDeadline()
                    throw CancellationError()
                }
                let decoded = thread.state.withLock { $0.decodedCount }
                let left = state.withLock { $0.ledger.decodableTokens(decoded: decoded, depth: thread.depth) }
                if left == 0, !isStop(token, in: thread) { return .tokenLimit }
            }
        }
        try Task.checkCancellation()
        throw EngineError.failed("the engine's token stream ended without saying why")
    }

    private func isStop(_ token: DecodedToken, in thread: LiveThread) -> Bool {
        guard let tag = token.control else { return false }
        return dialect.ends.contains(tag) || (thread.line == .thread && tag == dialect.thread.close)
            || (thread.mayFork && tag == dialect.outlines.close)
    }

    private func take(_ token: DecodedToken, into thread: LiveThread, start: Double, end: Double) {
        state.withLock { $0.ledger.decodedToken() }
        let byID = description.tier == .tokens
        let found = thread.state.withLock { state -> [StructureEvent] in
            state.decodedCount += 1
            state.start = .body
            state.text += token.control ?? token.text
            state.content.append(token, byID: byID)
            let wasInReturn = state.parser.isInReturn
            let wasInOutlines = state.parser.isInOutlines
            let found =
                byID || token.control != nil ? state.parser.consume(token) : state.parser.consume(text: token.text)
            if wasInReturn, state.parser.isInReturn { state.returnContent.append(token, byID: byID) }
            if wasInOutlines || state.parser.isInOutlines { state.outlineTokens += 1 }
            for event in found { state.note(event) }
            return found
        }
        if found.contains(.blockOpened) { recorder.endSegment(of: thread.id) }
        recorder.append(token, to: thread.id, start: start, end: end)
        events.send(.token(thread: thread.id, token: token))
        for case .malformed(let what) in found {
            recorder.malformed()
            events.send(.malformed(thread: thread.id, what: what))
        }
    }

    private func finish(_ thread: LiveThread, at tag: String) {
        let outcome = thread.state.withLock { state -> ThreadOutcome in
            state.isClosed = thread.line == .thread && tag == dialect.thread.close
            guard thread.line == .thread else { return .finished }
            guard state.isClosed else { return .malformed("\(tag) instead of \(dialect.thread.close)") }
            guard dialect.returns == nil || state.returned != nil else {
                return .malformed(MalformedStructure.missingReturn.description)
            }
            return .finished
        }
        end(thread, outcome)
    }

    private func cut(_ thread: LiveThread, _ outcome: ThreadOutcome) {
        events.send(.budgetCut(thread: thread.id, outcome: outcome))
        end(thread, outcome)
    }

    private func end(_ thread: LiveThread, _ outcome: ThreadOutcome) {
        let isFirst = thread.state.withLock { state in
            guard state.outcome == nil else { return false }
            state.outcome = outcome
            return true
        }
        guard isFirst else { return }
        let returned = thread.returned
        recorder.finish(thread.id, outcome: outcome, returned: returned)
        events.send(.threadFinished(thread: thread.id, outcome: outcome, returned: returned))
    }

    // MARK: Forking

    private func split(
        _ parent: LiveThread, outlines: [Outline?], line: ControlGrammar.Line
    ) async throws -> [LiveThread] {
        try Task.checkCancellation()
        guard let context = parent.context else { throw EngineError.contextNotUsable("the thread never started") }
        let granted = state.withLock { $0.ledger.grantThreads(outlines.count, depth: parent.depth) }
        let contexts = granted > 0 ? try await context.fork(granted) : []
        let paths = recorder.paths(forThreadsOf: parent.id, count: outlines.count)
        let outlineTokens = parent.state.withLock { $0.outlineTokens }
        recorder.fork(parent.id, outlines: outlines.compactMap(\.self), threads: paths, outlineTokens: outlineTokens)
        let depth = parent.depth + 1
        let mayFork = parent.mayFork && (line == .main || dialect.nests) && depth < budget.maximumDepth
        let threads = outlines.indices.map { index in
            LiveThread(
                id: paths[index], outline: outlines[index], depth: depth,
                context: index < contexts.count ? contexts[index] : nil, line: line, mayFork: mayFork,
                dialect: dialect)
        }
        events.send(.forked(thread: parent.id, outlines: outlines.compactMap(\.self), into: paths))
        for thread in threads {
            recorder.begin(thread.id, outline: thread.outline)
            if let context = thread.context {
                keep(context, of: thread)
            } else {
                let outcome = ThreadOutcome.failed("the budget of \(budget.maximumThreads) threads is used up")
                cut(thread, outcome)
            }
        }
        return threads
    }

    /// Runs one thread to its end; whatever goes wrong in it becomes its outcome.
    private func perform(
        _ thread: LiveThread, seeded seed: TokenText?, _ body: @Sendable (LiveThread) async throws -> Void
    ) async {
        guard let context = thread.context else { return }
        do {
            try Task.checkCancellation()
            events.send(.threadStarted(thread: thread.id, outline: thread.outline))
            if let seed {
                let start = seconds
                let count = try await context.extend(seed)
                record(.seed, seed.rendered, tokens: count, in: thread.id, since: start)
                events.send(.prefilled(thread: thread.id, tokens: count))
            }
            try await body(thread)
            end(thread, .finished)
        } catch EngineError.contextTooLong where !Task.isCancelled {
            cut(thread, .contextFull)
        } catch {
            end(thread, Task.isCancelled || isStopped ? stopOutcome : .failed("\(error)"))
        }
    }

    private func seedText(of thread: LiveThread, after needed: [LiveThread]) -> TokenText? {
        guard let outline = thread.outline else { return nil }
        let returned = needed.compactMap { joinedThread($0) }.map {
            (number: $0.outline.number, content: $0.returned ?? .text(dialect.failedReturn))
        }
        return dialect.seed(for: outline, after: returned)
    }

    private func joinedThread(_ thread: LiveThread, asText: Bool = false) -> Dialect.JoinedThread? {
        guard let outline = thread.outline else { return nil }
        return thread.state.withLock { state in
            let hasReturned = state.outcome == .finished && state.returned != nil
            let returned = asText ? state.returned.map { .text($0) } : state.returnContent.first
            return Dialect.JoinedThread(
                outline: outline, returned: hasReturned ? returned : nil,
                content: asText ? [.text(state.text)] : state.content, isClosed: state.isClosed)
        }
    }

    // MARK: Time and ends

    private var elapsed: Duration { clock.withLock { $0 }.elapsed() }

    private var seconds: Double { clock.withLock { $0 }.seconds }

    private var isStopped: Bool { state.withLock { $0.stopCause != nil } }

    private var stopOutcome: ThreadOutcome { isStopped ? .timedOut : .cancelled }

    private func stopForDeadline() {
        state.withLock { $0.stopCause = .deadline }
    }

    private func withinDeadline(_ body: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
        guard let deadline = budget.deadline else { return try await body() }
        let clock = clock.withLock { $0 }
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(deadline)
                return nil
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                if let answer { return answer }
                stopForDeadline()
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    private func end(_ result: Result<Answer, any Error>) async throws -> RunOutcome {
        let contexts = state.withLock { state in
            defer { state.contexts = [:] }
            return state.contexts
        }
        for context in contexts.values { await context.close() }
        let answer: Answer
        let root = TrajectoryRecorder.root
        switch result {
        case .success(let found):
            answer = found
            recorder.finish(root, outcome: found.outcome, returned: nil)
        case .failure(let error):
            guard Task.isCancelled || isStopped else {
                recorder.finish(root, outcome: .failed("\(error)"), returned: nil)
                recorder.end(answer: nil, seconds: seconds)
                events.finish()
                throw error
            }
            answer = Answer(text: nil, outcome: stopOutcome)
            if isStopped { events.send(.budgetCut(thread: root, outcome: .timedOut)) }
            recorder.finish(root, outcome: stopOutcome, returned: nil)
        }
        recorder.end(answer: answer, seconds: seconds)
        events.send(.answered(answer))
        events.finish()
        return RunOutcome(answer: answer, trajectory: recorder.trajectory)
    }

    private func record(_ origin: Segment.Origin, _ text: String, tokens: Int, in id: String, since start: Double) {
        recorder.append(
            Segment(origin: origin, text: text, tokenCount: tokens, start: start, end: seconds), to: id)
    }

    private func keep(_ context: any EngineContext, of thread: LiveThread) {
        state.withLock { $0.contexts[thread.id] = context }
    }

    private func forget(_ thread: LiveThread) {
        state.withLock { $0.contexts[thread.id] = nil }
    }

    /// The method's dialect with the end tags that the engine has.
    private static func usable(_ method: any ReasoningMethod, on engine: EngineDescription) throws(RunError) -> Dialect
    {
        var dialect = method.dialect
        guard engine.tier >= .text else {
            throw .tierTooLow(engine.tier, needed: .text, method: method.name)
        }
        if dialect.join == .stitch, !engine.stitches {
            throw .cannotStitch(dialect: dialect.name, engine: engine.name)
        }
        guard engine.tier == .tokens else { return dialect }
        var missing = method.controlTags.subtracting(engine.controlTags)
        let ends = dialect.ends.intersection(engine.controlTags)
        if ends.isEmpty { missing.formUnion(dialect.ends) }
        guard missing.isEmpty else {
            throw .missingControlTags(
                missing.sorted(), dialect: dialect.name, method: method.name, model: engine.model)
        }
        dialect.ends = ends
        return dialect
    }
}

extension LiveThread.State {
    /// Takes note of what the parser found.
    fileprivate mutating func note(_ event: StructureEvent) {
        switch event {
        case .blockOpened:
            outlines = []
            outlineTokens = 1
        case .outline(let outline): outlines.append(outline)
        case .blockClosed: outlines = []
        case .returned(let text): returned = text
        case .answer(let text): answer = text
        case .text, .outlinesClosed, .threadOpened, .returnOpened, .threadClosed, .malformed: break
        }
    }
}
