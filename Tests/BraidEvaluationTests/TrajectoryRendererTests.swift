import Testing

@testable import BraidEvaluation

@Suite("Training trajectories")
struct TrajectoryRendererTests {
    @Test("every rendered trajectory ends with a right answer", arguments: PuzzleTask.allCases)
    func rightAnswers(task: PuzzleTask) {
        for index in 0..<1500 as Range<UInt64> {
            let problem = Problem.random(task: task, split: .training, seed: 11, index: index)
            for mode in TrainingTrajectory.Mode.allCases {
                let trajectory = TrajectoryRenderer.render(problem, mode: mode)
                #expect(problem.isCorrect(answer(of: trajectory)), "\(mode) \(problem.question)")
            }
        }
    }

    @Test("both modes tell the same problems, and a seed always tells the same")
    func twins() {
        for index in 0..<200 as Range<UInt64> {
            let adaptive = TrajectoryRenderer.training(mode: .adaptive, seed: 5, index: index)
            let sequential = TrajectoryRenderer.training(mode: .sequential, seed: 5, index: index)
            #expect(adaptive.question == sequential.question)
            #expect(adaptive.segments[0] == sequential.segments[0])
            #expect(adaptive == TrajectoryRenderer.training(mode: .adaptive, seed: 5, index: index))
            #expect(sequential.segments.count == 2)
        }
    }

    @Test("only model-written segments of the adaptive mode fork, one seed for each outline")
    func structure() {
        for index in 0..<500 as Range<UInt64> {
            let segments = TrajectoryRenderer.training(mode: .adaptive, seed: 8, index: index).segments
            for (position, segment) in segments.enumerated() {
                #expect(segment.parent < position)
                let outlines = segment.pieces.count { $0 == .control("<Outline>") }
                let seeds = segments.filter { $0.parent == position && $0.kind == .seed }
                #expect(outlines == seeds.count)
                #expect(segment.model == (segment.kind == .main || segment.kind == .thread))
                #expect((segment.useful != nil) == (segment.kind == .thread))
            }
        }
    }

    @Test("equations fork once into a thread each; plain sums and three-number puzzles never fork")
    func adaptivity() {
        for index in 0..<200 as Range<UInt64> {
            let equations = Problem.random(task: .equations, split: .training, seed: 2, index: index)
            let forked = TrajectoryRenderer.render(equations, mode: .adaptive)
            #expect(forked.segments.count { $0.kind == .thread } == equations.expectedWidth)
            for task in [PuzzleTask.sums, .countdown3, .foreign] {
                let easy = Problem.random(task: task, split: .training, seed: 2, index: index)
                let line = TrajectoryRenderer.render(easy, mode: .adaptive)
                #expect(line.segments.count == 2)
            }
        }
    }

    @Test("no held-out problem is ever in training")
    func splits() {
        var heldOut: Set<String> = []
        for task in PuzzleTask.allCases where task != .foreign {
            for index in 0..<300 as Range<UInt64> {
                let problem = Problem.random(task: task, split: .heldOut, seed: 1, index: index)
                heldOut.insert(problem.content.key ?? "")
            }
        }
        for task in PuzzleTask.allCases where task != .foreign {
            for index in 0..<3000 as Range<UInt64> {
                let problem = Problem.random(task: task, split: .training, seed: 1, index: index)
                #expect(!heldOut.contains(problem.content.key ?? ""))
            }
        }
    }

    @Test("puzzles called unsolvable have no solution, and about one in fourteen is")
    func unsolvable() {
        var unsolvable = 0
        for index in 0..<2000 as Range<UInt64> {
            let problem = Problem.random(task: .countdown4, split: .training, seed: 21, index: index)
            guard case .countdown(let puzzle, let solvable) = problem.content else { continue }
            if solvable {
                #expect(puzzle.reductions.contains { $0.works })
            } else {
                unsolvable += 1
                #expect(!puzzle.reductions.contains { $0.works })
            }
        }
        #expect((100...180).contains(unsolvable))
    }

    @Test("each family is worded in many ways", arguments: PuzzleTask.allCases)
    func wordings(task: PuzzleTask) {
        let shapes = (0..<400 as Range<UInt64>).map { index in
            let question = Problem.random(task: task, split: .training, seed: 4, index: index).question
            return String(question.lowercased().filter { $0.isLetter || $0 == " " }.prefix(12))
        }
        #expect(Set(shapes).count >= 8)
    }

    /// What stands between the answer tags, or what the thread returned that is named there.
    private func answer(of trajectory: TrainingTrajectory) -> String {
        guard let pieces = trajectory.segments.last?.pieces,
            let start = pieces.lastIndex(of: .control("<Answer>")), case .text(let text) = pieces[start + 1]
        else { return "" }
        let joined = trajectory.segments.last { $0.kind == .join }?.pieces ?? []
        if let named = joined.firstIndex(of: .text(text)), case .text(let returned) = joined[named + 1] {
            return String(returned.drop { $0 == " " })
        }
        return String(text.drop { $0 == " " })
    }
}
