import Braid
import BraidStore
import Foundation
import Synchronization

/// A run that a request started, with everything that happened in it; kept for a while when it is over.
final class LiveRun: Sendable {
    /// What is known once it is over.
    struct Outcome: Sendable {
        /// Where it stands.
        var status: RunStatus
        /// The whole record.
        var trajectory: Trajectory
        /// Figures of the record.
        var metrics: TrajectoryMetrics
        /// Tokens that the answer was written with.
        var answerTokens: Int
        /// What went wrong; nil where there is something to answer with.
        var error: OpenAIError?
    }

    private struct State {
        /// Runs the method; cancelling it stops the run.
        var answering: Task<Result<RunOutcome, any Error>, Never>?
        /// Waits for its end, also when the run is being stopped.
        var finishing: Task<Outcome, Never>?
        /// Tokens that the answer was written with, so far.
        var answerTokens = 0
        /// Why it was stopped from outside.
        var stop: OpenAIError?
        var outcome: Outcome?
        var lastEvent: ContinuousClock.Instant
    }

    /// Its name.
    let id: String
    /// When it began.
    let created: Date
    /// Name of the key that started it; nobody else sees it.
    let owner: String
    /// What the request called the model.
    let model: String
    /// How it reasons.
    let method: any ReasoningMethod
    /// The run.
    let run: ReasoningRun
    /// What happens in it.
    let log: RunEventLog

    private let engine: EngineDescription
    private let verify: AnswerCheck?
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// Prepares a run.
    init(
        _ run: ReasoningRun, by method: any ReasoningMethod, on engine: EngineDescription, model: String, owner: String,
        verify: AnswerCheck?, logLimit: Int, created: Date = Date()
    ) {
        self.created = created
        id = RunID.make(at: created)
        self.run = run
        self.model = model
        self.owner = owner
        self.method = method
        self.engine = engine
        self.verify = verify
        log = RunEventLog(limit: logLimit)
        state = Mutex(State(lastEvent: start))
    }

    /// Starts it; it goes on until it is over or ``stop(_:)`` is called.
    /// - Parameter ended: called once when it is over, before anybody reads the log's last event.
    func begin(ended: @escaping @Sendable (Outcome) async -> Void) {
        state.withLock { state in
            guard state.answering == nil else { return }
            run.events.handOver { self.note($0) }
            let answering = Task { await self.answer() }
            state.answering = answering
            state.finishing = Task { await self.finish(answering, ended) }
        }
    }

    /// Waits for its end. Cancelling the task that waits does not stop the run.
    func outcome() async -> Outcome? {
        if let outcome = state.withLock({ $0.outcome }) { return outcome }
        return await state.withLock { $0.finishing }?.value
    }

    /// Stops it and everything that it does on engines; the first reason counts.
    func stop(_ reason: OpenAIError) {
        let task = state.withLock { state in
            if state.stop == nil, state.outcome == nil { state.stop = reason }
            return state.answering
        }
        task?.cancel()
    }

    /// How long nothing has happened in it; nil when it is over.
    var silence: Duration? {
        state.withLock { $0.outcome == nil ? ContinuousClock.now - $0.lastEvent : nil }
    }

    /// It in a list.
    var summary: RunSummary {
        let outcome = state.withLock { $0.outcome }
        let trajectory = outcome?.trajectory
        return RunSummary(
            id: id, created: created.timeIntervalSince1970, status: outcome?.status ?? .running,
            question: run.question.text, method: method.name, model: model, engine: engine.name,
            answer: trajectory?.answer?.shown, verified: trajectory?.verified, metrics: outcome?.metrics)
    }

    /// The record so far.
    var trajectory: Trajectory { state.withLock { $0.outcome?.trajectory } ?? run.trajectory }

    /// Takes an event into the log.
    private func note(_ event: ReasoningEvent) {
        let now = ContinuousClock.now
        log.append(RunEvent(event, contextLength: engine.contextLength), at: Self.seconds(start.duration(to: now)))
        state.withLock { state in
            state.lastEvent = now
            if case .token(_, _, .some) = event { state.answerTokens += 1 }
        }
    }

    private func finish(
        _ answering: Task<Result<RunOutcome, any Error>, Never>, _ ended: @Sendable (Outcome) async -> Void
    ) async -> Outcome {
        let result = await answering.value
        let outcome = outcome(of: result, answerTokens: state.withLock { $0.answerTokens })
        state.withLock { $0.outcome = outcome }
        await ended(outcome)
        log.append(
            .end(status: outcome.status, metrics: outcome.metrics, verified: outcome.trajectory.verified),
            at: Self.seconds(start.duration(to: .now)))
        log.finish()
        return outcome
    }

    private func answer() async -> Result<RunOutcome, any Error> {
        do {
            return .success(try await run.answer())
        } catch {
            return .failure(error)
        }
    }

    private func outcome(of result: Result<RunOutcome, any Error>, answerTokens: Int) -> Outcome {
        var trajectory = run.trajectory
        if let text = trajectory.answer?.text { trajectory.verified = verify?(text, run.question) }
        let metrics = TrajectoryMetrics(trajectory)
        let stop = state.withLock { $0.stop }
        let (status, error): (RunStatus, OpenAIError?) =
            switch result {
            case .failure(let error): (stop == nil ? .failed : .cancelled, stop ?? OpenAIError(error))
            case .success(let run):
                switch run.answer.outcome {
                case .finished, .malformed: (.finished, nil)
                case .tokenLimit, .contextFull, .timedOut: (.incomplete, nil)
                case .cancelled: (.cancelled, stop ?? .cancelled)
                case .failed(let why): (.failed, stop ?? .upstream(why))
                }
            }
        return Outcome(
            status: status, trajectory: trajectory, metrics: metrics, answerTokens: answerTokens, error: error)
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

extension OpenAIError {
    /// What a client is told of an error that a run threw.
    init(_ error: any Error) {
        switch error {
        case let error as OpenAIError: self = error
        case EngineError.contextTooLong(let tokens, let limit):
            self = .contextTooLong(tokens: tokens, limit: limit, param: "messages")
        case EngineError.outOfMemory: self = .overloaded(retryAfter: 1)
        case let error as EngineError: self = .upstream(error.description)
        case let error as RunError: self = .invalid(error.description, param: "braid")
        case let error as BudgetError: self = .invalid(error.description, param: "braid")
        case is CancellationError: self = .cancelled
        default: self = .internalError
        }
    }
}
