import BraidStore
import Foundation

extension RunSummary {
    /// A run as the store has it.
    init(_ run: StoredRun) {
        self.init(
            id: run.id, created: run.created.timeIntervalSince1970, status: run.status, question: run.question,
            method: run.method, model: run.model, engine: run.engine, answer: run.answer, verified: run.verified,
            metrics: run.metrics)
    }
}
