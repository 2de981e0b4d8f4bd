import Synchronization

/// Hands bytes from one task to another, which may be slower: at most so many wait, then the first task waits too.
final class ByteRelay: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var isFinished = false
        var isAbandoned = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?

        mutating func takeContinuations() -> [CheckedContinuation<Void, Never>] {
            defer { (reader, writer) = (nil, nil) }
            return [reader, writer].compactMap(\.self)
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Creates an empty relay.
    /// - Parameter limit: bytes that may wait before the writer does.
    init(limit: Int) {
        self.limit = limit
    }

    /// Adds bytes, and waits while too many wait.
    /// - Throws: `CancellationError` when nobody will read them.
    func send(_ bytes: [UInt8]) async throws {
        let reader = state.withLock { state in
            state.waiting += bytes
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if state.waiting.count <= limit || state.isAbandoned || Task.isCancelled { return true }
                    state.writer = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            wakeAll()
        }
        try Task.checkCancellation()
        if state.withLock({ $0.isAbandoned }) { throw CancellationError() }
    }

    /// Ends the bytes.
    func finish() {
        state.withLock { state in
            state.isFinished = true
            return state.takeContinuations()
        }.forEach { $0.resume() }
    }

    /// Says that nobody reads any more.
    func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            return state.takeContinuations()
        }.forEach { $0.resume() }
    }

    /// All bytes that wait, at least one; nil at their end, and when the reading task was cancelled.
    func next() async -> [UInt8]? {
        while true {
            let (bytes, isOver, writer) = state.withLock { state in
                defer {
                    state.waiting = []
                    state.writer = nil
                }
                return (state.waiting, state.isFinished, state.writer)
            }
            writer?.resume()
            if !bytes.isEmpty { return bytes }
            if isOver || Task.isCancelled { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        if !state.waiting.isEmpty || state.isFinished || Task.isCancelled { return true }
                        state.reader = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                wakeAll()
            }
        }
    }

    private func wakeAll() {
        state.withLock { $0.takeContinuations() }.forEach { $0.resume() }
    }
}
