import Foundation
import Synchronization

/// The runs that go on, and the last ones that are over.
final class RunRegistry: Sendable {
    private struct State {
        var runs: [String: LiveRun] = [:]
        /// Runs that go on.
        var running: Set<String> = []
        /// Runs that are over, the oldest first.
        var finished: [(id: String, bytes: Int)] = []
        var finishedBytes = 0
    }

    private let keptRuns: Int
    private let keptBytes: Int
    private let state = Mutex(State())

    /// Creates an empty registry.
    /// - Parameters:
    ///   - keptRuns: most runs that are kept when they are over.
    ///   - keptBytes: most bytes of their events.
    init(keptRuns: Int, keptBytes: Int) {
        self.keptRuns = keptRuns
        self.keptBytes = keptBytes
    }

    /// Adds a run that is about to begin.
    func add(_ run: LiveRun) {
        state.withLock { state in
            state.runs[run.id] = run
            state.running.insert(run.id)
        }
    }

    /// Notes that a run is over, and drops the oldest ones that are.
    func finished(_ run: LiveRun) {
        let bytes = run.log.byteCount
        state.withLock { state in
            guard state.running.remove(run.id) != nil else { return }
            state.finished.append((run.id, bytes))
            state.finishedBytes += bytes
            while state.finished.count > keptRuns || state.finishedBytes > keptBytes, let oldest = state.finished.first
            {
                state.finished.removeFirst()
                state.finishedBytes -= oldest.bytes
                state.runs[oldest.id] = nil
            }
        }
    }

    /// A run that this owner started.
    func run(_ id: String, of owner: String) -> LiveRun? {
        state.withLock { $0.runs[id] }.flatMap { $0.owner == owner ? $0 : nil }
    }

    /// The runs of an owner, the newest first.
    func runs(of owner: String) -> [LiveRun] {
        state.withLock { Array($0.runs.values) }.filter { $0.owner == owner }.sorted { $0.id > $1.id }
    }

    /// Runs that go on.
    var running: [LiveRun] { state.withLock { state in state.running.compactMap { state.runs[$0] } } }

    /// How many go on.
    var runningCount: Int { state.withLock { $0.running.count } }
}
