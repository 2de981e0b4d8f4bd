import Synchronization
import Testing

@testable import Braid

/// Checks a record against rules that hold for every method, by its own walk over the tree.
func checkRecord(
    _ outcome: RunOutcome, engine: ScriptedEngine? = nil, _ location: SourceLocation = #_sourceLocation
) {
    var ids: Set<String> = []
    var numbers: Set<Int> = []
    func walk(_ thread: ReasoningThread) {
        #expect(ids.insert(thread.id).inserted, "\(thread.id) twice", sourceLocation: location)
        #expect(thread.outcome != nil, "\(thread.id) never ended", sourceLocation: location)
        for step in thread.steps {
            switch step {
            case .segment(let segment):
                #expect(segment.tokenCount >= 0 && segment.start <= segment.end, sourceLocation: location)
                if let tokens = segment.tokens { #expect(tokens.count == segment.tokenCount, sourceLocation: location) }
            case .fork(let fork):
                #expect(fork.outlines.isEmpty || fork.outlines.count == fork.threads.count, sourceLocation: location)
                for (index, child) in fork.threads.enumerated() {
                    #expect(child.id.hasPrefix(thread.id + "."), sourceLocation: location)
                    if let outline = child.outline {
                        #expect(fork.outlines[index] == outline, sourceLocation: location)
                        #expect(
                            outline.after.allSatisfy { numbers.contains($0) }, "\(outline)", sourceLocation: location)
                        #expect(numbers.insert(outline.number).inserted, sourceLocation: location)
                    }
                    walk(child)
                }
            }
        }
    }
    walk(outcome.trajectory.root)
    var simulation = TrajectoryTests.Simulation(outcome.trajectory.root)
    var ticks = 0
    while simulation.tick() { ticks += 1 }
    #expect(outcome.metrics.criticalPathTokens == ticks, sourceLocation: location)
    #expect(outcome.metrics.totalTokens == simulation.consumed, sourceLocation: location)
    #expect(engine?.state.withLock { $0.openContexts } ?? 0 == 0, sourceLocation: location)
    #expect(engine?.state.withLock { $0.violations } ?? [] == [], sourceLocation: location)
}

extension RunOutcome {
    /// Labels of the calls with what they come after, in the order they were asked.
    var calls: [String] {
        trajectory.root.steps.flatMap { step -> [String] in
            guard case .fork(let fork) = step else { return [] }
            return fork.outlines.map { outline in
                outline.text.dropFirst()
                    + (outline.after.isEmpty ? "" : " <- \(outline.after.map(String.init).joined(separator: ","))")
            }
        }
    }
}
