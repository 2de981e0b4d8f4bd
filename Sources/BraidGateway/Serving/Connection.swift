import Synchronization

/// One client's connection, as the request on it sees it.
final class Connection: Sendable {
    private struct State {
        var isClosed = false
        var isStalled = false
        var action: (@Sendable (_ isStalled: Bool) -> Void)?
    }

    private let state = Mutex(State())

    /// Creates the state of a connection that is open.
    init() {}

    /// Says what is to be done when the client goes away, for as long as the body runs.
    func whenClosed<Result>(
        _ action: @escaping @Sendable (_ isStalled: Bool) -> Void,
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        let closed = state.withLock { state -> Bool? in
            if state.isClosed { return state.isStalled }
            state.action = action
            return nil
        }
        if let closed { action(closed) }
        defer { state.withLock { $0.action = nil } }
        return try await body()
    }

    /// Notes that the client has gone, or does not read.
    func closed(isStalled: Bool) {
        let action = state.withLock { state -> (@Sendable (Bool) -> Void)? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            state.isStalled = isStalled
            defer { state.action = nil }
            return state.action
        }
        action?(isStalled)
    }
}
