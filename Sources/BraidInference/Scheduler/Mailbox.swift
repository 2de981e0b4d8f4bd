internal import Dispatch
internal import Synchronization

/// Requests on their way to the worker's thread.
final class Mailbox: Sendable {
    /// What the worker is to do.
    enum Message: Sendable {
        case request(InferenceRequest, JobID)
        /// The job's task was cancelled; it may be over already, or not have arrived yet.
        case cancel(JobID)
        /// Finish: nobody can ask for anything any more.
        case stop
    }

    private struct State {
        var messages: [Message] = []
        var nextJob = 0
    }

    private let state = Mutex(State())
    /// Counts messages that were posted and not waited for. `DispatchSemaphore` is Sendable and needs no lock.
    private let arrivals = DispatchSemaphore(value: 0)

    /// A name for a request.
    func nextJob() -> JobID {
        state.withLock { state in
            defer { state.nextJob += 1 }
            return JobID(value: state.nextJob)
        }
    }

    /// Sends a message.
    func post(_ message: Message) {
        let wasEmpty = state.withLock { state in
            state.messages.append(message)
            return state.messages.count == 1
        }
        if wasEmpty { arrivals.signal() }
    }

    /// All messages, oldest first; waits for one if asked to.
    func take(waiting: Bool) -> [Message] {
        while true {
            let messages = state.withLock { state in
                defer { state.messages.removeAll() }
                return state.messages
            }
            if !messages.isEmpty || !waiting { return messages }
            // Signals of messages that were taken without waiting make this return early, once each.
            arrivals.wait()
        }
    }
}
