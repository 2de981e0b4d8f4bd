import Braid

/// A trajectory as `braid show` prints it: what was asked and answered, the tree, the figures.
struct TrajectoryPage: CustomStringConvertible {
    private let trajectory: Trajectory
    private let width: Int
    private let countsTokens: Bool

    /// Prepares a page.
    /// - Parameter countsTokens: false for trajectories whose tokens nobody has counted.
    init(_ trajectory: Trajectory, width: Int, countsTokens: Bool = true) {
        self.trajectory = trajectory
        self.width = width
        self.countsTokens = countsTokens
    }

    /// The lines, each ended by a newline.
    var description: String {
        let by =
            countsTokens
            ? "by \(trajectory.method) on \(trajectory.model) (\(trajectory.engine)), seed \(trajectory.seed)"
            : "training trajectory, \(trajectory.method); tokens not counted"
        let lines = [
            "question  \(SafeText.line(trajectory.question.text))",
            "answer    \(SafeText.line(trajectory.answer?.shown ?? trajectory.answer?.cause ?? "none recorded"))",
            "          \(SafeText.line(by))",
        ]
        let tree = TrajectoryTree(trajectory, width: width, countsTokens: countsTokens)
        let head = lines.map { $0.head(columns: width) + "\n" }.joined()
        let figures = countsTokens ? "\n\(FiguresLine(trajectory))\n" : ""
        return head + "\n" + tree.description + figures
    }
}
