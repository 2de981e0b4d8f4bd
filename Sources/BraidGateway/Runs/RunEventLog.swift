import Braid
import Synchronization

/// Everything that happened in one run, in order, for any number of readers that each read at their own pace.
///
/// It holds so many bytes and no more: beyond that tokens are left out and counted, never anything else. Tokens of one
/// thread that nobody has read yet become one event.
final class RunEventLog: Sendable {
    /// One event.
    struct Entry: Sendable {
        /// Its number, from 1, without gaps.
        var number: Int
        /// When it happened, in seconds since the run began.
        var seconds: Double
        /// What happened.
        var event: RunEvent
    }

    private struct Reader {
        var id: Int
        /// The only thread whose tokens it waits for; nil for all.
        var thread: String?
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var entries: [Entry] = []
        var byteCount = 0
        var droppedCount = 0
        var isFinished = false
        /// Number of the last event that some reader has.
        var lastRead = 0
        var readers: [Reader] = []
        var nextReader = 0
    }

    /// Most events that a reader gets at once.
    private static let mostRead = 1024
    /// Longest text of tokens that became one event, in bytes.
    private static let longestText = 512
    private let limit: Int
    private let state = Mutex(State())

    /// Creates an empty log.
    /// - Parameter limit: most bytes of events.
    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes that it holds, roughly.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// Adds an event and wakes those who wait for one.
    func append(_ event: RunEvent, at seconds: Double) {
        let readers = state.withLock { state -> [Reader] in
            guard !state.isFinished else { return [] }
            if case .tokens(let thread, let text, let count, nil, let answer) = event {
                if state.byteCount >= limit {
                    state.droppedCount += count
                    return []
                }
                if Self.merge(thread, text, count, answer, into: &state) { return [] }
            }
            if state.droppedCount > 0 {
                Self.add(.tokensDropped(count: state.droppedCount), seconds, to: &state)
                state.droppedCount = 0
            }
            Self.add(event, seconds, to: &state)
            return Self.takeReaders(&state, of: event)
        }
        for reader in readers { reader.continuation.resume() }
    }

    /// Ends the log: readers come to its end.
    func finish() {
        let readers = state.withLock { state -> [Reader] in
            state.isFinished = true
            return Self.takeReaders(&state, of: nil)
        }
        for reader in readers { reader.continuation.resume() }
    }

    /// The events after one, waiting for the first of them.
    /// - Parameter thread: the thread whose tokens are worth waking for; those of others wait for anything else that
    ///   happens. Nil for all.
    /// - Returns: at least one event, and so many at most that a reader who stops in the middle holds little; none at the
    ///   log's end, and when the reading task was cancelled.
    func next(after number: Int, tokensOf thread: String? = nil) async -> [Entry] {
        while true {
            let ready = state.withLock { state -> [Entry]? in
                // Numbers begin at 1, so the event after one stands at its number.
                let start = min(max(0, number), state.entries.count)
                if state.isFinished || Self.isWorthReading(state.entries[start...], thread) {
                    let end = min(state.entries.count, start + Self.mostRead)
                    state.lastRead = max(state.lastRead, end)
                    // A copy: a slice would make the next event copy the whole log.
                    return Array(state.entries[start..<end])
                }
                return nil
            }
            if let ready { return ready }
            if Task.isCancelled { return [] }
            await wait(behind: number, thread)
        }
    }

    /// All events so far.
    var entries: [Entry] { state.withLock { $0.entries } }

    private static func isWorthReading(_ entries: ArraySlice<Entry>, _ thread: String?) -> Bool {
        entries.contains { $0.event.isWorthWaking(forTokensOf: thread) }
    }

    private func wait(behind number: Int, _ thread: String?) async {
        let id = state.withLock { state in
            state.nextReader += 1
            return state.nextReader
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let start = min(max(0, number), state.entries.count)
                    if state.isFinished || Task.isCancelled || Self.isWorthReading(state.entries[start...], thread) {
                        return true
                    }
                    state.readers.append(Reader(id: id, thread: thread, continuation: continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let reader = state.withLock { state -> Reader? in
                guard let index = state.readers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.readers.remove(at: index)
            }
            reader?.continuation.resume()
        }
    }

    /// Takes out those readers that an event wakes; nil for the log's end, which wakes all.
    private static func takeReaders(_ state: inout State, of event: RunEvent?) -> [Reader] {
        let woken = state.readers.filter { event?.isWorthWaking(forTokensOf: $0.thread) ?? true }
        state.readers.removeAll { reader in woken.contains { $0.id == reader.id } }
        return woken
    }

    private static func add(_ event: RunEvent, _ seconds: Double, to state: inout State) {
        state.entries.append(Entry(number: state.entries.count + 1, seconds: seconds, event: event))
        state.byteCount += event.byteCount
    }

    private static func merge(
        _ thread: String, _ text: String, _ count: Int, _ answer: String?, into state: inout State
    ) -> Bool {
        let last = state.entries.count - 1
        guard last >= state.lastRead,
            case .tokens(thread, let earlier, let number, nil, let said) = state.entries[last].event,
            (said == nil) == (answer == nil), earlier.utf8.count + text.utf8.count <= longestText
        else { return false }
        state.entries[last].event = .tokens(
            thread: thread, text: earlier + text, count: number + count, control: nil,
            answer: said.map { $0 + (answer ?? "") })
        state.byteCount += text.utf8.count + (answer?.utf8.count ?? 0)
        return true
    }
}

extension RunEvent {
    /// Whether a reader who waits for one thread's tokens is to be woken; nil for a reader of all threads.
    fileprivate func isWorthWaking(forTokensOf thread: String?) -> Bool {
        guard let thread, case .tokens(let writer, _, _, _, _) = self else { return true }
        return writer == thread
    }
}
