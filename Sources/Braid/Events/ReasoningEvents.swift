import Synchronization

/// The events of one run as they come, for one reader.
///
/// At most 4096 events wait for a slow reader. Beyond that tokens are dropped, never anything else, and one
/// ``ReasoningEvent/tokensDropped(count:)`` stands for each gap: a slow terminal must not slow the run, and the
/// trajectory has every token anyway. A run nobody listens to keeps no more than that either.
public final class ReasoningEvents: AsyncSequence, Sendable {
    public typealias Element = ReasoningEvent
    public typealias Failure = Never

    private struct State {
        var waiting: [ReasoningEvent] = []
        var head = 0
        var dropped = 0
        var isFinished = false
        var reader: CheckedContinuation<ReasoningEvent?, Never>?
        var sink: (@Sendable (ReasoningEvent) -> Void)?
    }

    private static let capacity = 4096
    private let state = Mutex(State())

    init() {}

    /// Starts reading; a run has one reader.
    public func makeAsyncIterator() -> Iterator { Iterator(events: self) }

    /// Hands events over as they happen, in place of a reader, to whoever keeps them anyway: none waits and none is dropped.
    /// - Parameter sink: called by the tasks of the run, several at a time; each thread's events come in order, and after
    ///   those that they follow from. The run goes on when it returns, so it should be quick.
    public func handOver(to sink: @escaping @Sendable (ReasoningEvent) -> Void) {
        state.withLock { $0.sink = sink }
    }

    /// Reads a run's events.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let events: ReasoningEvents

        /// The next event; nil when the run is over or the reading task was cancelled.
        public mutating func next() async -> ReasoningEvent? { await events.next() }

        /// The next event; nil when the run is over or the reading task was cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> ReasoningEvent? {
            await events.next()
        }
    }

    func send(_ event: ReasoningEvent) {
        if let sink = state.withLock({ $0.sink }) { return sink(event) }
        let reader = state.withLock { state -> CheckedContinuation<ReasoningEvent?, Never>? in
            if state.isFinished { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            if case .token = event, state.waiting.count - state.head >= Self.capacity {
                state.dropped += 1
                return nil
            }
            if state.dropped > 0 {
                state.waiting.append(.tokensDropped(count: state.dropped))
                state.dropped = 0
            }
            state.waiting.append(event)
            return nil
        }
        reader?.resume(returning: event)
    }

    func finish() {
        let reader = state.withLock { state -> CheckedContinuation<ReasoningEvent?, Never>? in
            if state.dropped > 0 { state.waiting.append(.tokensDropped(count: state.dropped)) }
            state.dropped = 0
            state.isFinished = true
            // It may hold on to the run.
            state.sink = nil
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    private func next() async -> ReasoningEvent? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> ReasoningEvent?? in
                    if state.head < state.waiting.count {
                        let event = state.waiting[state.head]
                        state.head += 1
                        if state.head >= Self.capacity {
                            state.waiting.removeFirst(state.head)
                            state.head = 0
                        }
                        return .some(event)
                    }
                    state.waiting.removeAll(keepingCapacity: true)
                    state.head = 0
                    if state.isFinished || Task.isCancelled || state.reader != nil { return .some(nil) }
                    state.reader = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(returning: nil)
        }
    }
}
