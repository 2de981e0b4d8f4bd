/// Renders problems as training trajectories in the `braid` dialect.
public enum TrajectoryRenderer {
    /// The trajectory number `index` of a seed; both modes tell the same problem for the same seed and index.
    public static func training(
        mode: TrainingTrajectory.Mode, mixture: TaskMixture = .standard, seed: UInt64, index: UInt64
    ) -> TrainingTrajectory {
        var random = SplitMix64(seed: seed &+ 1, stream: index)
        let task = mixture.task(at: random.int(0...99))
        let problem = Problem.random(task: task, split: .training, seed: seed, index: index)
        return render(problem, mode: mode)
    }

    /// Writes how a problem is solved.
    public static func render(_ problem: Problem, mode: TrainingTrajectory.Mode) -> TrainingTrajectory {
        var writer = TrajectoryWriter(question: problem.question)
        switch problem.content {
        case .countdown(let puzzle, _):
            CountdownTrace(puzzle: puzzle, mode: mode).write(into: &writer)
        case .multiplication(let product):
            MultiplicationTrace(product: product, mode: mode).write(into: &writer)
        case .equations(let system):
            EquationsTrace(system: system, mode: mode).write(into: &writer)
        case .sum(let sum):
            writer.write(" \(sum.left) \(sum.symbol) \(sum.right) = \(sum.answer)")
            writer.answer(String(sum.answer))
        case .foreign:
            writer.answer(Problem.foreignAnswer)
        }
        return TrainingTrajectory(
            task: problem.task, mode: mode, question: problem.question, segments: writer.segments)
    }
}
