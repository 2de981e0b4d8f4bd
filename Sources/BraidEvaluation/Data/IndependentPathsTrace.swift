import Braid

/// How problems are solved in training data by independent paths from the prompt on and one summary (ParaThinker).
///
/// The path's number decides the order of its steps, so that paths try different things first. In most trajectories all
/// paths stop when the shortest has ended, as at run time ("first finish"); the summary says what a path found that ended.
struct IndependentPathsTrace {
    let content: Problem.Content
    let dialect: Dialect

    /// Share of trajectories in which all paths stop with the first.
    private static let cutShare = 0.8
    /// Share of trajectories whose paths have other numbers than 1, 2, ... (`custom_data_collator.py`, lines 68-111).
    private static let renumberedShare = 0.3

    /// Writes the whole trajectory after the question.
    func write(into writer: inout TrajectoryWriter, using random: inout SplitMix64) {
        let most = dialect.unplannedThreads ?? 8
        let width = random.pick([2, 2, 2, 3, 3, 4, 4, min(6, most), most])
        var numbers = Array(1...most)
        if random.chance(Self.renumberedShare) { numbers.shuffle(using: &random) }
        numbers = numbers.prefix(width).sorted()
        let paths = numbers.map { SolutionPath(content, number: $0 - 1) }
        let shortest = paths.map { Self.ends(of: $0.text).count }.min() ?? 0
        let isCut = random.chance(Self.cutShare)
        let threads = zip(numbers, paths).map { number, path in
            let ends = Self.ends(of: path.text)
            guard isCut, ends.count > shortest else {
                return TrajectoryWriter.Thread(
                    body: path.text, result: path.answer.map { " \($0)" }, number: number)
            }
            let text = shortest == 0 ? "" : String(path.text[..<ends[shortest - 1]])
            return TrajectoryWriter.Thread(body: text, result: nil, number: number, isCut: true)
        }
        let ended = zip(threads, paths).filter { !$0.0.isCut }.compactMap(\.1.answer)
        let answer = ended.first { $0 != Countdown.noSolution } ?? ended.first ?? Countdown.noSolution
        writer.fork(threads, concluding: " " + TrajectoryWriter.boxed(answer))
        writer.answerByConclusion()
    }

    /// Where the tokens of a text end, nearly: numbers, signs and names with the space before them.
    private static func ends(of text: String) -> [String.Index] {
        var ends: [String.Index] = []
        var last: Character = " "
        for index in text.indices {
            let character = text[index]
            let goesOn = last == " " || (last.isNumber && character.isNumber)
            if index != text.startIndex, !goesOn { ends.append(index) }
            last = character
        }
        if !text.isEmpty { ends.append(text.endIndex) }
        return ends
    }
}
