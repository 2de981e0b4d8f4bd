import Testing

@testable import Braid
@testable import BraidEvaluation

@Suite("Training trajectories in every dialect")
struct TrajectoryFormsTests {
    private static let dialects = DialectCatalogue.all
    private static let problemsPerTask = 60 as UInt64

    private func trajectories(
        _ form: TrajectoryForm, count: UInt64 = problemsPerTask
    ) -> [(Problem, TrainingTrajectory)] {
        var random = SplitMix64(seed: 17)
        return form.tasks.flatMap { task in
            (0..<count).map { index in
                let problem = Problem.random(task: task, split: .training, seed: 31, index: index)
                return (
                    problem, TrajectoryRenderer.render(problem, mode: .adaptive, as: form, using: &random)
                )
            }
        }
    }

    @Test("the run's own reading finds no fault in any line, and the right answer", arguments: dialects)
    func lines(dialect: Dialect) throws {
        for (problem, trajectory) in trajectories(.dialect(dialect)) {
            var line = WrittenLine(dialect, .main)
            try read(0, trajectory.segments, into: &line)
            #expect(line.faults == [], "\(problem.question)")
            let answer = AnswerExtractor(dialect).answer(tagged: line.state.answer, in: line.state.text)
            if dialect.messages != nil, case .countdown(_, solvable: false) = problem.content {
                #expect(answer == nil)
            } else {
                #expect(answer.map(problem.isCorrect) == true, "\(problem.question): \(answer ?? "none")")
            }
        }
    }

    /// Reads what follows segment `index` as a run would; a thread's line ends with its last segment.
    private func read(_ index: Int, _ segments: [TrainingTrajectory.Segment], into line: inout WrittenLine) throws {
        var tip = index
        while true {
            let children = segments.indices.filter { segments[$0].parent == tip }
            let seeds = segments.indices.filter { segments[$0].kind == .seed && segments[$0].parent == tip }
            if line.dialect.messages != nil, children.count > 1 {
                // The list of messages stands beside what replaces it.
                line.take(segments[children[0]])
                #expect(line.spawned)
            }
            if let join = children.first(where: { segments[$0].kind == .join }) {
                var numbers: [Int] = []
                for (place, seed) in seeds.enumerated() {
                    let label = line.label(ofThread: place, seed: segments[seed])
                    numbers.append(Int(label) ?? place + 1)
                    var thread = WrittenLine(line.dialect, .thread, label: label)
                    try read(seed, segments, into: &thread)
                    #expect(thread.faults == [])
                }
                line.join(segments[join], numbers: numbers)
                tip = join
            } else if let next = children.first {
                if segments[next].model { line.take(segments[next]) }
                tip = next
            } else {
                return
            }
        }
    }

    @Test("searches begin with what the run would ask them, and hand back what it would read")
    func searches() throws {
        let dialect = Dialect.apr
        for (_, trajectory) in trajectories(.dialect(dialect)) {
            for (index, segment) in trajectory.segments.enumerated() where segment.kind == .seed {
                var search = WrittenLine(dialect, .thread)
                search.take(trajectory.segments[index + 1])
                #expect(search.faults == [])
                #expect((search.state.returned != nil) == trajectory.segments[index + 1].useful)
                guard case .text(let prompt)? = segment.pieces.last else { continue }
                #expect(prompt.hasPrefix("Moving to Node #0,"))
            }
        }
    }

    @Test("a join shows what the threads wrote, in the dialect's form", arguments: dialects)
    func joins(dialect: Dialect) {
        for (_, trajectory) in trajectories(.dialect(dialect), count: 40) {
            let segments = trajectory.segments
            for (index, segment) in segments.enumerated() where segment.kind == .join {
                #expect((segment.stitched == true) == (dialect.join == .stitch))
                #expect(!segment.model && !segment.pieces.isEmpty)
                guard dialect.shows == .wholeThreads, dialect.join == .reprefill else { continue }
                let threads = segments.indices.filter { seed in
                    segments[seed].kind == .seed && segments[seed].parent == segment.parent
                }
                let written = threads.enumerated().flatMap { place, seed in
                    let later = dialect.laterJoinedSeed.trainingPieces.first
                    // The second and later threads may begin without the first one's newline.
                    let start = place > 0 && segments[seed].pieces.first != later ? 1 : 0
                    return segments[seed].pieces.dropFirst(start) + segments[seed + 1].pieces
                }
                #expect(Array(segments[index].pieces.prefix(written.count)) == written)
            }
        }
    }

    @Test("blocks have no more threads than the dialect allows, and paths the numbers that it has")
    func widths() {
        for dialect in Self.dialects {
            for (_, trajectory) in trajectories(.dialect(dialect), count: 60) {
                let forks = Dictionary(grouping: trajectory.segments.filter { $0.kind == .seed }, by: \.parent)
                for (fork, seeds) in forks where fork >= 0 { #expect(seeds.count <= dialect.maximumOutlines) }
            }
        }
    }

    @Test("paths that are cut stop where the shortest ends, and say nothing more")
    func cutPaths() {
        var cut = 0
        for (_, trajectory) in trajectories(.dialect(.paraThinker)) {
            for thread in trajectory.segments where thread.kind == .thread {
                if case .text? = thread.pieces.last { cut += 1 }
            }
        }
        #expect(cut > 100)
    }

    @Test("replies to the prompts of adaptive-plan are as it asks for them")
    func plans() throws {
        for (problem, trajectory) in trajectories(.plan(.compact)) {
            let segments = trajectory.segments
            #expect(segments.allSatisfy { $0.parent == -1 || segments[$0.parent].parent == -1 })
            guard case .text(let plan)? = segments[1].pieces.first else {
                Issue.record("no plan for \(problem.question)")
                continue
            }
            let lines = plan.split(separator: "\n")
            let subtasks = segments.count { $0.kind == .seed }
            #expect(lines.count == max(1, subtasks))
            for (index, line) in lines.enumerated() { #expect(line.hasPrefix("\(index + 1): ")) }
            for reply in segments where reply.model { #expect(reply.pieces.last == .control("</Answer>")) }
            guard case .text(let last)? = segments.last?.pieces.first, let line = last.split(separator: "\n").last
            else {
                Issue.record("no answer for \(problem.question)")
                continue
            }
            #expect(line.hasPrefix("Answer: "))
            #expect(problem.isCorrect(String(line.dropFirst(8))), "\(problem.question): \(line)")
        }
    }

    @Test("every form tells the same problems, and none of them is held out")
    func problems() {
        for index in 0..<300 as Range<UInt64> {
            let own = TrajectoryRenderer.training(mode: .adaptive, seed: 5, index: index)
            for form in TrajectoryForm.all where form.tasks.count > 1 {
                let other = TrajectoryRenderer.training(
                    mode: .adaptive, forms: FormMixture(form), seed: 5, index: index)
                #expect(other.question == own.question)
                #expect(other.dialect == form.name)
            }
        }
    }

    @Test("a mixture keeps its shares")
    func mixture() throws {
        let mixture = try FormMixture([
            .init(.dialect(.npr), percent: 25), .init(.plan(.compact), percent: 75),
        ])
        let names = (0..<100).map { mixture.form(at: $0).name }
        #expect(names.count { $0 == "npr" } == 25)
        #expect(names.count { $0 == "adaptive-plan" } == 75)
        #expect(throws: TaskMixture.NotAHundred.self) { try FormMixture([.init(.dialect(.npr), percent: 99)]) }
        #expect(Set((0..<100).map { FormMixture.standard.form(at: $0).name }) == Set(TrajectoryForm.all.map(\.name)))
    }
}

/// A line as a run reads it while the model writes it, held against the grammar at every step.
private struct WrittenLine {
    let dialect: Dialect
    let line: ControlGrammar.Line
    let label: String
    var state: LineState
    /// What the model may not have written, or what the run found malformed.
    private(set) var faults: [String] = []
    private(set) var spawned = false

    init(_ dialect: Dialect, _ line: ControlGrammar.Line, label: String = "") {
        self.dialect = dialect
        self.line = line
        self.label = label
        state = LineState(dialect, line: line, label: label, mayFork: line == .main)
        _ = state.forkAtStart()
    }

    /// The label of a thread of the latest fork; paths without outlines are told apart by their tags, or not at all.
    func label(ofThread place: Int, seed: TrainingTrajectory.Segment) -> String {
        guard dialect.outline == nil else { return state.outlines[place].label }
        for number in 1...dialect.maximumOutlines
        where seed.pieces.contains(.control(dialect.threadTags(label: "\(number)")?.open ?? "")) {
            return String(number)
        }
        return String(place + 1)
    }

    mutating func take(_ segment: TrainingTrajectory.Segment) {
        var grammar = ControlGrammar(
            dialect, line: line, start: state.start, maximumOutlines: line == .main ? 64 : 0, thinking: state.thinking,
            label: label)
        for piece in segment.pieces {
            switch piece {
            case .control(let tag):
                switch grammar.expectation {
                case .text(let tags), .tags(let tags):
                    if !tags.contains(tag) { faults.append("\(tag) where \(tags.sorted()) may stand") }
                case .exactly, .choice: faults.append("\(tag) in place of text")
                }
                grammar.advance(.control(tag))
                note(state.take(DecodedToken(id: 0, text: "", control: tag), byID: true))
                if dialect.ends.contains(tag) || tag == dialect.threadTags(label: label)?.close {
                    spawned = state.spawns
                    if !spawned, state.finish(at: tag) != .finished { faults.append("ended by \(tag)") }
                }
            case .text(let text):
                check(text, against: &grammar)
                for character in text { note(state.take(DecodedToken(id: 0, text: String(character)), byID: true)) }
            }
        }
    }

    mutating func join(_ segment: TrainingTrajectory.Segment, numbers: [Int]) {
        var returns: [Int: String?] = [:]
        if dialect.returns != nil {
            let places = segment.pieces.indices.filter { segment.pieces[$0] == .control("<Return>") }
            for (number, place) in zip(numbers, places) {
                if case .text(let text) = segment.pieces[place + 2] { returns[number] = text }
            }
        }
        if dialect.messages != nil { _ = state.replaceMessages(by: segment.text) }
        state.joined(TokenText(), returns: returns)
    }

    private mutating func check(_ text: String, against grammar: inout ControlGrammar) {
        var rest = text[...]
        while !rest.isEmpty {
            switch grammar.expectation {
            case .text:
                rest = ""
                grammar.advance(.text)
            case .exactly(let exact) where rest.hasPrefix(exact):
                rest = rest.dropFirst(exact.count)
                grammar.advance(.exact)
            case .choice(let texts):
                guard let chosen = texts.first(where: rest.hasPrefix) else {
                    faults.append("'\(rest)' where \(texts) may stand")
                    return
                }
                rest = rest.dropFirst(chosen.count)
                grammar.advance(.chosen(chosen))
            case .exactly, .tags:
                faults.append("'\(rest)' where \(grammar.expectation) may stand")
                return
            }
        }
    }

    private mutating func note(_ events: [StructureEvent]) {
        for case .malformed(let what) in events { faults.append(what.description) }
    }
}

extension TrainingTrajectory.Segment {
    fileprivate var text: String {
        pieces.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
