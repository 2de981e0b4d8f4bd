import Synchronization

/// One question answered once by one method: the one object that a method talks to.
///
/// It holds budget, recorder, events and cancellation and turns each of the four verbs into both, so a method is only
/// its idea. Threads are child tasks of the fork that started them: cancelling the task that awaits ``answer()`` stops
/// every thread between two tokens. Whatever way a run ends, all its contexts are closed before ``answer()`` returns.
///
///     let run = try ReasoningRun("Make 24 from 3, 8, 5 and 2", by: Adaptive(), on: engine)
///     async let outcome = run.answer()
///     for await event in run.events { render(event) }
///     print(try await outcome.answer)
public final class ReasoningRun: Sendable {
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

    let engine: any Engine
    let engineDescription: EngineDescription
    let dialect: Dialect
    let recorder: TrajectoryRecorder
    let state: Mutex<State>
    /// Samples of prompted calls that may decode at the same time.
    let slots: ThreadSlots
    /// How the run is steered.
    public let controller: ControllerPolicy

    /// Whether what the main line says to the reader is the answer.
    let answersOnMainLine: Bool

    private let method: any ReasoningMethod
    private let startClock: @Sendable () -> RunClock

    struct State {
        var ledger: BudgetLedger
        var clock: RunClock
        var hasStarted = false
        var hasTimedOut = false
        /// Contexts that are still to be closed, by thread.
        var contexts: [String: any EngineContext] = [:]
        /// Prompted calls so far.
        var callCount = 0
        var callsByLabel: [String: Int] = [:]
        /// Most threads of one fork that run at the same time.
        var width = Int.max
        /// Factor to the share of its context that a thread may fill.
        var windowShare = 1.0
        /// What is answered when the run is stopped from outside.
        var settledAnswer: String?
        var mainLine: LiveThread?
        /// Groups that are still to be closed, by the line they were forked from.
        var groups: [String: any ContextGroup] = [:]
    }

    /// Prepares a run; nothing happens before ``answer()``.
    /// - Parameters:
    ///   - controller: how the run is steered; by default only budgets are kept.
    ///   - clock: measures the deadline and the record's times, from the beginning of ``answer()``.
    /// - Throws: ``RunError`` when the engine lacks what the method's dialect needs.
    public convenience init(
        _ question: Question, by method: any ReasoningMethod, on engine: any Engine, budget: Budget = .standard,
        sampling: SamplingParameters = .greedy, seed: UInt64 = 0, controller: ControllerPolicy = .observing,
        clock: some Clock<Duration> = ContinuousClock()
    ) throws(RunError) {
        try self.init(
            question, by: method, on: engine, budget: budget, sampling: sampling, seed: seed, controller: controller,
            startClock: { RunClock(clock) })
    }

    /// Prepares a run that starts its clock in a way of its own.
    init(
        _ question: Question, by method: any ReasoningMethod, on engine: any Engine, budget: Budget,
        sampling: SamplingParameters, seed: UInt64, controller: ControllerPolicy,
        startClock: @escaping @Sendable () -> RunClock
    ) throws(RunError) {
        let description = engine.description
        dialect = try Self.usableDialect(of: method, on: description)
        self.question = question
        self.method = method
        answersOnMainLine = method.answersOnMainLine
        self.engine = engine
        self.engineDescription = description
        self.budget = budget
        self.sampling = sampling
        self.seed = seed
        recorder = TrajectoryRecorder(
            Trajectory(
                question: question, dialect: method.dialect.name, method: method.name, model: description.model,
                engine: description.name, seed: seed, root: ReasoningThread(id: TrajectoryRecorder.root)))
        slots = ThreadSlots(budget.maximumThreads)
        self.startClock = startClock
        self.controller = controller
        state = Mutex(
            State(
                ledger: BudgetLedger(budget), clock: startClock(),
                width: controller.width?.width(description.stepTimes) ?? Int.max))
    }

    /// Answers a question without listening to the run's events.
    public static func answer(
        _ question: Question, by method: any ReasoningMethod, on engine: any Engine, budget: Budget = .standard,
        sampling: SamplingParameters = .greedy, seed: UInt64 = 0, controller: ControllerPolicy = .observing,
        clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> RunOutcome {
        let run = try ReasoningRun(
            question, by: method, on: engine, budget: budget, sampling: sampling, seed: seed, controller: controller,
            clock: clock)
        return try await run.answer()
    }

    /// The record so far; complete once ``answer()`` has returned or thrown.
    public var trajectory: Trajectory { recorder.trajectory }

    /// Runs the method.
    ///
    /// A run that was cancelled, or cut by its budget or deadline, returns what it has; ``Answer/outcome`` says so.
    /// - Throws: ``RunError/alreadyStarted``; what the method throws; what the engine throws on the main line.
    public func answer() async throws -> RunOutcome {
        let clock = startClock()
        let isFirst = state.withLock { state in
            if state.hasStarted { return false }
            state.hasStarted = true
            state.clock = clock
            return true
        }
        guard isFirst else { throw RunError.alreadyStarted }
        events.send(.runStarted(question: question, method: method.name, model: engineDescription.model))
        let result: Result<Answer, any Error>
        do {
            result = .success(try await withinDeadline { try await self.method.answer(self.question, in: self) })
        } catch {
            result = .failure(error)
        }
        return try await end(result)
    }

    // MARK: Time

    var seconds: Double { state.withLock { $0.clock }.seconds }

    /// How a line ends that is stopped from outside.
    var stopOutcome: ThreadOutcome { state.withLock { $0.hasTimedOut } ? .timedOut : .cancelled }

    /// Whether lines must stop.
    var isStopped: Bool { Task.isCancelled || state.withLock { $0.hasTimedOut } }

    /// Ends the line that calls it when the run was cancelled or its deadline has passed.
    func checkStop() throws {
        try Task.checkCancellation()
        guard let deadline = budget.deadline else { return }
        let clock = state.withLock { $0.clock }
        guard clock.elapsed() >= deadline else { return }
        state.withLock { $0.hasTimedOut = true }
        throw CancellationError()
    }

    /// Cancels the body when the deadline passes, for lines that wait for an engine at that time.
    private func withinDeadline(_ body: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
        guard let deadline = budget.deadline else { return try await body() }
        let clock = state.withLock { $0.clock }
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await clock.sleep(deadline)
                return nil
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                if let answer { return answer }
                state.withLock { $0.hasTimedOut = true }
                group.cancelAll()
            }
            throw CancellationError()
        }
    }

    // MARK: Ends

    private func end(_ result: Result<Answer, any Error>) async throws -> RunOutcome {
        let (contexts, groups) = state.withLock { state in
            defer { (state.contexts, state.groups) = ([:], [:]) }
            return (state.contexts, state.groups)
        }
        for group in groups.values { await group.close() }
        // Threads before the line they were forked from.
        for (_, context) in contexts.sorted(by: { $0.key.count > $1.key.count }) { await context.close() }
        let root = TrajectoryRecorder.root
        let answer: Answer
        switch result {
        case .success(let found): answer = found
        case .failure where isStopped: answer = stoppedAnswer
        case .failure(let error):
            recorder.finish(root, outcome: .failed("\(error)"), returned: nil)
            recorder.end(answer: nil, seconds: seconds)
            events.finish()
            throw error
        }
        if answer.outcome == .timedOut { events.send(.budgetCut(thread: root, outcome: .timedOut)) }
        recorder.finish(root, outcome: answer.outcome, returned: nil)
        recorder.end(answer: answer, seconds: seconds)
        events.send(.answered(answer))
        events.finish()
        return RunOutcome(answer: answer, trajectory: recorder.trajectory)
    }

    /// What there is when the run is stopped from outside.
    private var stoppedAnswer: Answer {
        let (settled, line) = state.withLock { ($0.settledAnswer, $0.mainLine) }
        let written = settled == nil && answersOnMainLine ? line?.state.withLock { $0.written } : nil
        return Answer(text: settled, written: written, outcome: stopOutcome)
    }

    /// The method's dialect with only those end tags that the engine has.
    private static func usableDialect(
        of method: any ReasoningMethod, on engine: EngineDescription
    ) throws(RunError) -> Dialect {
        var dialect = method.dialect
        guard engine.tier >= method.minimumTier else {
            throw .tierTooLow(engine.tier, needed: method.minimumTier, method: method.name)
        }
        if dialect.join == .stitch, !engine.stitches {
            throw .cannotStitch(dialect: dialect.name, engine: engine.name)
        }
        if method.groupsContexts, !engine.groupsContexts {
            throw .cannotGroup(method: method.name, engine: engine.name)
        }
        // Below token ids a tag is just characters, so every model can write it.
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
