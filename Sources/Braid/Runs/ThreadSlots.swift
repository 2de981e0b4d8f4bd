import Synchronization

/// Lets at most so many lines decode at the same time; who comes first goes first.
final class ThreadSlots: Sendable {
    private struct Waiter {
        var id: Int
        var count: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var nextID = 0
        var waiting: [Waiter] = []
    }

    /// How many there are.
    let count: Int
    private let state: Mutex<State>

    init(_ count: Int) {
        self.count = count
        state = Mutex(State(free: count))
    }

    /// Waits until `needed` slots are free, at most ``count``, and takes them.
    /// - Throws: `CancellationError`, without having taken any.
    func take(_ needed: Int) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    // A cancellation from now on finds the waiter.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.waiting.isEmpty, state.free >= needed {
                        state.free -= needed
                        return .success(())
                    }
                    state.waiting.append(Waiter(id: id, count: needed, continuation: continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let (cancelled, ready) = state.withLock { state -> (Waiter?, [Waiter]) in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return (nil, []) }
                return (state.waiting.remove(at: index), Self.admit(&state))
            }
            cancelled?.continuation.resume(throwing: CancellationError())
            for waiter in ready { waiter.continuation.resume() }
        }
    }

    /// Gives slots back.
    func giveBack(_ count: Int) {
        let ready = state.withLock { state in
            state.free += count
            return Self.admit(&state)
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    private static func admit(_ state: inout State) -> [Waiter] {
        var admitted: [Waiter] = []
        while let first = state.waiting.first, first.count <= state.free {
            state.free -= first.count
            admitted.append(state.waiting.removeFirst())
        }
        return admitted
    }
}
