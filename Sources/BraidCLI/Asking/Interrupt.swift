import Dispatch
import Foundation

/// Turns the first SIGINT into a call and lets the second end the process at once.
struct Interrupt {
    private let source: any DispatchSourceSignal

    /// Starts to listen, until ``stop()``.
    /// - Parameter onFirst: called at the first SIGINT, on a queue of its own.
    init(_ onFirst: @escaping @Sendable () -> Void) {
        // The source sees the signal only while its default action, ending the process, is off.
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "interrupt"))
        // Only the handler touches this, and its queue runs one call at a time.
        nonisolated(unsafe) var count = 0
        source.setEventHandler { [source] in
            // Signals that came before the handler ran are counted together.
            count += Int(source.data)
            if count > 1 { _exit(ExitStatus.interrupted.rawValue) }
            onFirst()
        }
        source.activate()
    }

    /// Stops listening; SIGINT ends the process again.
    func stop() {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}
