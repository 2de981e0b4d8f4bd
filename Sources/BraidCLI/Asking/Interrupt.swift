import Dispatch
import Foundation
import Synchronization

/// What SIGINT and other such signals do: the first one asks the work to stop, the second ends the process at once.
final class Interrupt: Sendable {
    private struct State {
        var count = 0
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Creates one that nothing fires yet.
    init() {}

    /// Starts to listen to signals, for as long as the process lives.
    func listen(to signals: [Int32] = [SIGINT]) {
        let queue = DispatchQueue(label: "interrupt")
        for number in signals {
            #if canImport(Darwin)
                // There, a signal source gets only what the process ignores; on Linux it gets what the process does not.
                signal(number, SIG_IGN)
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                // The handler is what keeps its source alive.
                _ = source
                self.fire()
            }
            source.activate()
        }
    }

    /// Says how the work is asked to stop; until then the first signal ends the process.
    func whenFired(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.action = action }
    }

    /// Does what a signal does.
    func fire() {
        let action = state.withLock { state in
            state.count += 1
            return state.count == 1 ? state.action : nil
        }
        guard let action else { _exit(ExitStatus.interrupted.rawValue) }
        action()
    }
}
