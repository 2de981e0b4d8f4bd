internal import Braid
internal import Foundation

/// The dedicated thread that runs an engine's steps, seen from outside.
///
/// Steps take milliseconds of pure computing, so they do not run on the threads that Swift's tasks share. The thread
/// ends when the last engine or context that refers to this object is gone.
final class InferenceWorker: Sendable {
    private let mailbox = Mailbox()

    /// Starts the thread and hands it what it owns.
    init(_ loop: sending InferenceLoop) {
        let mailbox = mailbox
        // The loop is sent to the thread and used nowhere else; `Thread` cannot express that.
        nonisolated(unsafe) let loop = loop
        let thread = Thread { loop.run(mailbox) }
        thread.name = "braid-inference"
        thread.stackSize = 4 << 20
        thread.start()
    }

    deinit { mailbox.post(.stop) }

    /// Sends a request whose answer nobody waits for.
    func post(_ request: InferenceRequest) {
        mailbox.post(.request(request, mailbox.nextJob()))
    }

    /// Sends a request and waits for its answer; cancelling the task cancels the request between two steps.
    /// - Throws: ``EngineError``, `CancellationError`.
    func ask<Value: Sendable>(
        _ request: (@escaping InferenceRequest.Reply<Value>) -> InferenceRequest
    ) async throws -> Value {
        try Task.checkCancellation()
        let job = mailbox.nextJob()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                mailbox.post(.request(request { continuation.resume(with: $0) }, job))
                // A cancellation that came before the request was posted found nothing to cancel.
                if Task.isCancelled { mailbox.post(.cancel(job)) }
            }
        } onCancel: {
            mailbox.post(.cancel(job))
        }
    }

    /// Starts a decode call; ending the stream early cancels it between two steps.
    /// - Parameter owner: What closes the context when it goes away; kept until the call is over.
    func decode(_ context: ContextID, _ options: DecodingOptions, owner: EmbeddedContext) -> DecodedTokens {
        let job = mailbox.nextJob()
        let mailbox = mailbox
        return DecodedTokens(
            AsyncThrowingStream { continuation in
                continuation.onTermination = { reason in
                    if case .cancelled = reason { mailbox.post(.cancel(job)) }
                    withExtendedLifetime(owner) {}
                }
                mailbox.post(.request(.decode(context, options, DecodingSink(continuation)), job))
            })
    }
}
