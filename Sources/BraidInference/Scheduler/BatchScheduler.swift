/// Decides which rows run in the next step: all decoding contexts of all questions together, and prefill in chunks.
///
/// The rule:
/// 1. Decoding goes first, one row for each context, because somebody waits for each of its tokens. If they do not all
///    fit, questions take turns, and within a question the thread goes first that is expected to end last: the deeper one,
///    then the one that has decoded less. While prefill waits, an eighth of the rows is kept for it.
/// 2. Prefill takes the rows that are left, but at most half of the step while anything decodes, so that those who decode
///    do not wait long; alone, it takes all. What a question under way needs (the seeds of its threads, its joins) goes
///    before the prompts of new questions, and questions take turns. A job that got no row for 32 steps goes before
///    all others.
///    A step of a group is a decode step of several rows, which run all at once or not at all; it waits for a step that
///    has room for all of them, and is let through when it comes first.
/// 3. Guesses of what comes next get rows that nobody else wants: none while prefill waits, and never more than make the
///    step ``speculativeRows`` wide.
///
/// A pure value (continuous batching after Yu et al. 2022, "Orca", section 3.2, with chunked prefill after Agrawal et al.
/// 2024, arXiv 2403.02310): the worker performs what ``nextStep()`` returns.
struct BatchScheduler: Sendable {
    /// Rows of one job in a step.
    struct Assignment: Hashable, Sendable {
        let job: JobID
        /// At least 1.
        let rows: Int
    }

    /// What rows are for.
    enum Work: Hashable, Sendable {
        /// The next token of a context: `depth` forks below its question, after `decoded` tokens.
        case decode(depth: Int, decoded: Int)
        /// All rows at once: the next tokens of contexts that see each other.
        case step
        /// Known tokens of a question under way.
        case prefill
        /// The prompt of a new question.
        case prompt
    }

    private struct Entry: Sendable {
        let job: JobID
        let question: ContextID
        let work: Work
        var rows: Int
        /// Rows that may follow the first one, and are lost if they do not.
        var drafts = 0
        /// Steps without a row.
        var stepsWaited = 0
        /// Rows in the step that is being made.
        var taken = 0

        var isDecoding: Bool {
            switch work {
            case .decode, .step: true
            case .prefill, .prompt: false
            }
        }

        /// Smaller goes first, within a question.
        var order: (Int, Int) {
            switch work {
            case .decode(let depth, let decoded): (-depth, decoded)
            case .step, .prefill, .prompt: (0, 0)
            }
        }
    }

    /// Widest step in which guesses take part: few rows more cost little, many do.
    static let speculativeRows = 16
    /// Steps after which a job that got no row goes before all others.
    static let patience = 32

    /// Most rows of a step.
    let maximumRows: Int
    /// Jobs with rows ready, the longest waiting first.
    private var entries: [Entry] = []
    /// The step that was made last, whose memory is used again.
    private var assignments: [Assignment] = []
    /// The question that was served last when there were not enough rows for all.
    private var lastQuestion = ContextID(value: -1)

    /// Creates a scheduler without jobs. Fewer than 2 rows are taken as 2: one to decode, one to prefill.
    init(maximumRows: Int) {
        self.maximumRows = max(2, maximumRows)
    }

    /// Whether there is nothing to run.
    var isIdle: Bool { entries.isEmpty }

    /// Jobs with rows ready.
    var readyCount: Int { entries.count }

    /// Adds the rows of a job that has none.
    /// - Parameter drafts: Rows of a decode step that would be nice to have at the same time.
    mutating func supply(_ job: JobID, of question: ContextID, _ work: Work, rows: Int, drafts: Int = 0) {
        guard rows > 0 else { return }
        entries.append(Entry(job: job, question: question, work: work, rows: rows, drafts: drafts))
    }

    /// Takes a job's rows away, whatever it waits for.
    mutating func remove(_ job: JobID) {
        entries.removeAll { $0.job == job }
    }

    /// The rows of the next step, and takes them; empty when nothing is ready.
    ///
    /// Every job appears at most once. A job that still has rows keeps its place.
    /// - Complexity: O(jobs), and O(jobs log jobs) when there are not enough rows for all.
    mutating func nextStep() -> [Assignment] {
        let decoding = entries.reduce(0) { $0 + ($1.isDecoding ? $1.rows : 0) }
        let prefilling = entries.count { !$0.isDecoding }
        let decodeLimit = prefilling == 0 ? maximumRows : maximumRows - max(1, maximumRows / 8)
        if decoding <= decodeLimit {
            for index in entries.indices where entries[index].isDecoding { entries[index].taken = entries[index].rows }
        } else {
            var left = decodeLimit
            for index in ordered(entries.indices.filter { entries[$0].isDecoding }) {
                let rows = entries[index].rows
                // The first one may take what is kept for prefill: a wide step might never fit beside it.
                guard rows <= left || (left == decodeLimit && rows <= maximumRows) else { continue }
                entries[index].taken = rows
                left = max(0, left - rows)
                lastQuestion = entries[index].question
                if left == 0 { break }
            }
        }
        if prefilling > 0 {
            let decoded = entries.reduce(0) { $0 + $1.taken }
            var left = decoded == 0 ? maximumRows : min(maximumRows - decoded, max(1, maximumRows / 2))
            var queue = entries.indices.filter { !entries[$0].isDecoding }
            if prefilling > 1 { queue = ordered(queue) }
            for index in queue {
                guard left > 0 else { break }
                entries[index].taken = min(entries[index].rows, left)
                left -= entries[index].taken
                if prefilling > 1 { lastQuestion = entries[index].question }
            }
        } else {
            var left = min(Self.speculativeRows, maximumRows) - decoding
            for index in entries.indices {
                guard left > 0 else { break }
                entries[index].drafts = min(entries[index].drafts, left)
                left -= entries[index].drafts
                entries[index].taken += entries[index].drafts
            }
        }
        return take()
    }

    private mutating func take() -> [Assignment] {
        assignments.removeAll(keepingCapacity: true)
        for index in entries.indices {
            let taken = entries[index].taken
            if taken > 0 { assignments.append(Assignment(job: entries[index].job, rows: taken)) }
            entries[index].stepsWaited = taken > 0 ? 0 : entries[index].stepsWaited + 1
            entries[index].rows -= min(entries[index].rows, taken)
            entries[index].taken = 0
        }
        entries.removeAll { $0.rows == 0 }
        return assignments
    }

    /// Jobs that waited too long, then questions under way, then new ones.
    private func ordered(_ indices: [Int]) -> [Int] {
        let late = indices.filter { entries[$0].stepsWaited >= Self.patience }
        let others = indices.filter { entries[$0].stepsWaited < Self.patience }
        return late.sorted { (entries[$1].stepsWaited, $0) < (entries[$0].stepsWaited, $1) }
            + inTurn(others.filter { entries[$0].work != .prompt })
            + inTurn(others.filter { entries[$0].work == .prompt })
    }

    /// One job of each question, then the next of each, beginning with the question after the one served last.
    private func inTurn(_ indices: [Int]) -> [Int] {
        var queues: [ContextID: [Int]] = [:]
        for index in indices { queues[entries[index].question, default: []].append(index) }
        let questions = queues.keys.sorted { $0.value < $1.value }
        let turn =
            questions.filter { $0.value > lastQuestion.value } + questions.filter { $0.value <= lastQuestion.value }
        for question in questions {
            // Longest waiting first among equals: the order of entries.
            queues[question]?.sort { first, second in
                let (one, other) = (entries[first].order, entries[second].order)
                return (one.0, one.1, first) < (other.0, other.1, second)
            }
        }
        var order: [Int] = []
        var round = 0
        while order.count < indices.count {
            for question in turn {
                if let queue = queues[question], round < queue.count { order.append(queue[round]) }
            }
            round += 1
        }
        return order
    }
}
