import Synchronization

/// Lets requests wait for what ``Admission`` decides.
final class AdmissionGate: Sendable {
    private struct State {
        var admission: Admission
        var waiting: [Admission.Ticket: CheckedContinuation<Bool, Never>] = [:]
        /// Requests that were let in, or turned away, before they began to wait.
        var early: [Admission.Ticket: Bool] = [:]
    }

    private let state: Mutex<State>

    /// Opens the gate.
    /// - Parameter keys: how many clients are told apart; where that is one or none, there is nobody to share with.
    init(_ limits: GatewayLimits, keys: Int) {
        let admission = Admission(
            runs: limits.runs, reserve: keys > 1 ? limits.reservedRuns : 0, queue: limits.queue,
            perKey: keys > 0 ? limits.runsPerKey : Int.max)
        state = Mutex(State(admission: admission))
    }

    /// Requests that run, and that wait.
    var counts: (running: Int, waiting: Int) {
        state.withLock { ($0.admission.runningCount, $0.admission.waitingCount) }
    }

    /// Refuses at once what could not even wait, before any work is done for it.
    func check(_ key: String) throws(OpenAIError) {
        if let refusal = state.withLock({ $0.admission.refusal(of: key) }) { throw Self.error(refusal) }
    }

    /// Waits until the request may run.
    /// - Returns: what it must give to ``leave(_:)``.
    /// - Throws: `OpenAIError` when it is refused, `CancellationError` when its task was cancelled.
    func enter(_ key: String) async throws -> Admission.Ticket {
        switch state.withLock({ $0.admission.enter(key) }) {
        case .runs(let ticket): return ticket
        case .waits(let ticket):
            let isAdmitted = await wait(ticket)
            if Task.isCancelled || !isAdmitted {
                leave(ticket)
                try Task.checkCancellation()
                throw OpenAIError.shuttingDown
            }
            return ticket
        case let refusal: throw Self.error(refusal)
        }
    }

    /// Gives a place back.
    func leave(_ ticket: Admission.Ticket) {
        state.withLock { state in
            state.early[ticket] = nil
            return Self.settle(state.admission.leave(ticket), true, &state)
        }.forEach { $0.resume(returning: true) }
    }

    /// Refuses everything from now on, those that wait included.
    func close() {
        state.withLock { state in
            Self.settle(state.admission.close(), false, &state)
        }.forEach { $0.resume(returning: false) }
    }

    private func wait(_ ticket: Admission.Ticket) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Bool? in
                    if let early = state.early.removeValue(forKey: ticket) { return early }
                    if Task.isCancelled { return false }
                    state.waiting[ticket] = continuation
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: false)
        }
    }

    private static func settle(
        _ tickets: [Admission.Ticket], _ isAdmitted: Bool, _ state: inout State
    ) -> [CheckedContinuation<Bool, Never>] {
        tickets.compactMap { ticket in
            if let continuation = state.waiting.removeValue(forKey: ticket) { return continuation }
            state.early[ticket] = isAdmitted
            return nil
        }
    }

    private static func error(_ refusal: Admission.Decision) -> OpenAIError {
        switch refusal {
        case .keyIsBusy: .rateLimited(retryAfter: 1)
        case .isClosed: .shuttingDown
        case .overloaded, .runs, .waits: .overloaded(retryAfter: 2)
        }
    }
}
