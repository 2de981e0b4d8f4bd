import Braid
import Foundation

/// The one line of figures after an answer.
struct FiguresLine: CustomStringConvertible {
    private let trajectory: Trajectory

    /// Reads the figures off a record.
    init(_ trajectory: Trajectory) {
        self.trajectory = trajectory
    }

    /// Such as `8 threads · 331 tokens · critical path 94 · ratio 3.5 · 0.21 s · checked: right`.
    ///
    /// The ratio is that of the run's own tokens to its critical path; one line of thought may need fewer tokens.
    var description: String {
        let metrics = TrajectoryMetrics(trajectory)
        let isSampled = MethodChoice(rawValue: trajectory.method)?.forksSamples == true
        var parts: [String] = []
        switch metrics.threads {
        case 0: parts.append("no threads")
        case 1: parts.append(isSampled ? "1 sample" : "1 thread")
        default: parts.append("\(metrics.threads) \(isSampled ? "samples" : "threads")")
        }
        parts.append(metrics.totalTokens == 1 ? "1 token" : "\(metrics.totalTokens) tokens")
        if metrics.threads > 0 { parts.append("critical path \(metrics.criticalPathTokens)") }
        // Samples repeat one line of thought; they do not split it.
        if !isSampled, metrics.speedupSelf >= 1.05 {
            parts.append(String(format: "ratio %.1f", metrics.speedupSelf))
        }
        if trajectory.cutCount > 0 { parts.append("\(trajectory.cutCount) cut") }
        if trajectory.malformedCount > 0 { parts.append("\(trajectory.malformedCount) malformed") }
        parts.append(String(format: "%.2f s", metrics.wallSeconds))
        switch trajectory.verified {
        case true?: parts.append("checked: right")
        case false?: parts.append("checked: wrong")
        case nil: parts.append("not checked")
        }
        return parts.joined(separator: " · ")
    }
}
