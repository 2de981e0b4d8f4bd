import Braid
import BraidEvaluation

extension Trajectory {
    /// The record that a training trajectory stands for; nil when its segments do not form a tree.
    ///
    /// Nothing was decoded, so token counts and times are 0.
    init?(_ training: TrainingTrajectory) {
        guard training.segments.first?.parent == -1, training.segments.first?.kind == .prompt else { return nil }
        var children: [Int: [Int]] = [:]
        for (index, segment) in training.segments.enumerated().dropFirst() {
            guard (0..<index).contains(segment.parent) else { return nil }
            children[segment.parent, default: []].append(index)
        }
        let dialect = DialectCatalogue.dialect(named: training.dialect) ?? .braid
        var builder = Builder(dialect: dialect, segments: training.segments, children: children)
        let root = builder.thread(TrajectoryRecorder.root, from: 0, outline: nil)
        guard builder.isTree else { return nil }
        self.init(
            question: Question(training.question), dialect: training.dialect, method: training.mode.rawValue,
            model: "training data", engine: "none", seed: 0, answer: Answer(text: builder.answer), root: root)
    }

    /// Puts segments together again into threads and forks.
    private struct Builder {
        let dialect: Dialect
        let segments: [TrainingTrajectory.Segment]
        let children: [Int: [Int]]
        /// False once a line had two continuations.
        var isTree = true
        /// What the main line answers.
        var answer: String?

        /// The thread that begins with a segment.
        ///
        /// Lines are walked in a loop and only threads recurse, whose depth a document's nesting does not bound.
        mutating func thread(_ id: String, from first: Int, outline: Outline?) -> ReasoningThread {
            var steps: [ReasoningThread.Step] = []
            var text = ""
            var threadCount = 0
            var next: Int? = first
            while let index = next {
                let segment = segments[index]
                let own = segment.text
                // A seed's text is the runtime's; everything else is what a parser of this line would see.
                if segment.model || segment.kind == .join { text += own }
                steps.append(
                    .segment(Segment(origin: segment.origin, text: own, tokenCount: 0, start: 0, end: 0)))
                let following = children[index] ?? []
                let seeds = following.filter { segments[$0].kind == .seed }
                let others = following.filter { segments[$0].kind != .seed }
                if others.count > 1 { isTree = false }
                if !seeds.isEmpty {
                    let threads = seeds.enumerated().map { number, seed in
                        thread("\(id).\(threadCount + number + 1)", from: seed, outline: segments[seed].outline)
                    }
                    threadCount += seeds.count
                    let join = others.first { segments[$0].kind == .join }.map { segments[$0].stitched == true }
                    steps.append(
                        .fork(
                            Fork(
                                outlines: threads.compactMap(\.outline), threads: threads,
                                join: join.map { $0 ? .stitch : .reprefill }, outlineTokens: 0)))
                }
                next = others.first
            }
            var returned: String?
            var tagged: String?
            var parser = DialectParser(dialect, line: id == TrajectoryRecorder.root ? .main : .thread)
            for event in parser.consume(text: text) {
                switch event {
                case .returned(let found): returned = AnswerExtractor.trimmed(found)
                case .answer(let found): tagged = found
                default: break
                }
            }
            if id == TrajectoryRecorder.root { answer = AnswerExtractor(dialect).answer(tagged: tagged, in: text) }
            return ReasoningThread(
                id: id, outline: outline, steps: steps, outcome: .finished,
                returned: id == TrajectoryRecorder.root ? nil : returned)
        }
    }
}

extension TrainingTrajectory.Segment {
    /// Its text, tags included.
    fileprivate var text: String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .text(let plain): text += plain
            case .control(let tag): text += tag
            }
        }
    }

    /// Where a run would say that it came from.
    fileprivate var origin: Braid.Segment.Origin {
        switch kind {
        case .prompt: .prompt
        case .seed: .seed
        case .join: .joined
        case .main, .thread: model ? .model : .joined
        }
    }

    /// The outline that a seed repeats after its tag: number, colon, text.
    fileprivate var outline: Outline? {
        let plain = pieces.reduce(into: "") { text, piece in if case .text(let plain) = piece { text += plain } }
        guard let colon = plain.firstIndex(of: ":"), let number = Int(plain[..<colon]) else { return nil }
        let text = plain[plain.index(after: colon)...]
        return Outline(number: number, text: text.last == "\n" ? String(text.dropLast()) : String(text))
    }
}
