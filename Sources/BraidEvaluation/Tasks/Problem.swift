/// One generated question with what is needed to check an answer exactly.
public struct Problem: Sendable, Hashable {
    /// What is asked.
    public enum Content: Sendable, Hashable {
        /// Make the target; `solvable` says whether that is possible.
        case countdown(Countdown, solvable: Bool)
        /// Multiply.
        case multiplication(Multiplication)
        /// Solve and combine.
        case equations(Equations)
        /// Add or subtract.
        case sum(PlainSum)
        /// Something the built-in model is not made for.
        case foreign
    }

    /// The family.
    public let task: PuzzleTask
    /// The question in words.
    public let question: String
    /// The problem behind the words.
    public let content: Content

    /// What the built-in model answers to a question it is not made for.
    public static let foreignAnswer = "I only solve number puzzles"

    /// Whether a problem is for evaluation or for training; one in forty is held out, by a hash of its key.
    public enum Split: String, Sendable, Codable {
        /// Seen in training.
        case training
        /// Never seen in training.
        case heldOut = "held-out"

        /// The split of a problem key (FNV-1a, 64 bit).
        public static func of(key: String) -> Split {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            return (hash ^ (hash >> 32)) % 40 == 0 ? .heldOut : .training
        }
    }

    /// Draws the problem number `index` of a seed from a family and a split.
    /// - Complexity: draws until one falls into the split; 40 times on average for held-out ones.
    public static func random(task: PuzzleTask, split: Split, seed: UInt64, index: UInt64) -> Problem {
        var random = SplitMix64(seed: seed, stream: index)
        while true {
            let content = draw(task, using: &random)
            if let key = content.key, Split.of(key: key) != split { continue }
            let question = QuestionWording.random(for: content, using: &random)
            return Problem(task: task, question: question, content: content)
        }
    }

    private static func draw(_ task: PuzzleTask, using random: inout SplitMix64) -> Content {
        switch task {
        case .countdown3, .countdown4:
            let count = task == .countdown3 ? 3 : 4
            if random.chance(unsolvableShare) {
                return .countdown(.unsolvable(count: count, using: &random), solvable: false)
            }
            return .countdown(.solvable(count: count, using: &random), solvable: true)
        case .multiplication: return .multiplication(.random(using: &random))
        case .equations: return .equations(.random(using: &random))
        case .sums: return .sum(.random(using: &random))
        case .foreign: return .foreign
        }
    }

    /// Share of countdown puzzles that have no solution.
    static let unsolvableShare = 0.07
}

extension Problem.Content {
    /// What decides the split; nil for questions that have none.
    var key: String? {
        switch self {
        case .countdown(let puzzle, _): puzzle.key
        case .multiplication(let product): product.key
        case .equations(let system): system.key
        case .sum(let sum): sum.key
        case .foreign: nil
        }
    }
}
