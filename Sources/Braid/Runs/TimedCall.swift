import Synchronization

/// What a prompted call with a time limit comes to.
final class TimedCall: Sendable {
    private struct State {
        var completions: [Completion] = []
        var isOver = false
    }

    private let state = Mutex(State())

    /// Notes that the time was over first.
    func timeOut() { state.withLock { $0.isOver = true } }

    /// Notes what the call came to.
    func finish(_ completions: [Completion]) { state.withLock { $0.completions = completions } }

    /// What the call came to; samples that were cancelled because the time was over say so.
    var completions: [Completion] {
        state.withLock { state in
            state.completions.map { completion in
                guard state.isOver, completion.outcome == .cancelled else { return completion }
                var completion = completion
                completion.outcome = .timedOut
                return completion
            }
        }
    }
}
