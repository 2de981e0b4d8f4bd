public import Braid

/// Renders problems as training trajectories.
public enum TrajectoryRenderer {
    /// The trajectory number `index` of a seed; every mode and form tells the same problem for the same seed and index, but
    /// for forms that know one family alone.
    public static func training(
        mode: TrainingTrajectory.Mode, mixture: TaskMixture = .standard,
        forms: FormMixture = FormMixture(.dialect(.braid)), seed: UInt64, index: UInt64
    ) -> TrainingTrajectory {
        var random = SplitMix64(seed: seed &+ 1, stream: index)
        var task = mixture.task(at: random.int(0...99))
        let form = forms.form(at: random.int(0...99))
        if !form.tasks.contains(task) { task = .countdown3 }
        let problem = Problem.random(task: task, split: .training, seed: seed, index: index)
        return render(problem, mode: mode, as: form, using: &random)
    }

    /// Writes how a problem is solved in the `braid` dialect, which leaves nothing open.
    public static func render(_ problem: Problem, mode: TrainingTrajectory.Mode) -> TrainingTrajectory {
        var random = SplitMix64(seed: 0)
        return render(problem, mode: mode, as: .dialect(.braid), using: &random)
    }

    /// Writes how a problem is solved.
    /// - Parameters:
    ///   - problem: of one of the form's ``TrajectoryForm/tasks``.
    ///   - mode: makes a difference only where the model plans its threads.
    ///   - random: draws what a form leaves open: how many paths there are, and which steps each tries first.
    public static func render(
        _ problem: Problem, mode: TrainingTrajectory.Mode, as form: TrajectoryForm, using random: inout SplitMix64
    ) -> TrainingTrajectory {
        var trajectory = TrainingTrajectory(
            task: problem.task, dialect: form.name, mode: mode, question: problem.question, segments: [])
        switch form {
        case .plan(let prompts):
            trajectory.segments = PlanTrace(content: problem.content, question: problem.question, prompts: prompts)
                .segments(using: &random)
        case .dialect(let dialect):
            if case .messages(let messages) = dialect.forkPoint, case .countdown(let puzzle, _) = problem.content {
                // As its models are asked, and as people ask.
                if random.chance(0.3) { trajectory.question = puzzle.list(using: &random) }
                trajectory.segments = SearchTrace(puzzle: puzzle, dialect: dialect, messages: messages)
                    .segments(question: trajectory.question)
            } else {
                trajectory.segments = segments(problem, mode, dialect, using: &random)
            }
        }
        return trajectory
    }

    private static func segments(
        _ problem: Problem, _ mode: TrainingTrajectory.Mode, _ dialect: Dialect, using random: inout SplitMix64
    ) -> [TrainingTrajectory.Segment] {
        var writer = TrajectoryWriter(question: problem.question, dialect: dialect)
        switch dialect.forkPoint {
        case .outlines, .messages: write(problem.content, mode, dialect, into: &writer)
        case .blockOpening:
            ParallelPathsTrace(content: problem.content, dialect: dialect).write(into: &writer, using: &random)
        case .start:
            IndependentPathsTrace(content: problem.content, dialect: dialect).write(into: &writer, using: &random)
        }
        return writer.segments
    }

    private static func write(
        _ content: Problem.Content, _ mode: TrainingTrajectory.Mode, _ dialect: Dialect,
        into writer: inout TrajectoryWriter
    ) {
        switch content {
        case .countdown(let puzzle, _):
            CountdownTrace(puzzle: puzzle, mode: mode, dialect: dialect).write(into: &writer)
        case .multiplication(let product):
            MultiplicationTrace(product: product, mode: mode).write(into: &writer)
        case .equations(let system):
            EquationsTrace(system: system, mode: mode).write(into: &writer)
        case .sum(let sum):
            writer.write(
                " \(sum.left) \(sum.symbol) \(sum.right) = \(sum.answer)", titled: " one step",
                concluding: " answer \(sum.answer)")
            writer.answer(String(sum.answer))
        case .foreign: writer.answer(Problem.foreignAnswer)
        }
    }
}
