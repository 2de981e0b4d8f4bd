/// Puts problems into the words that people use.
enum QuestionWording {
    /// Words for a problem: one of many sentences for its family, with a greeting, a rule or a different case at times.
    static func random(for content: Problem.Content, using random: inout SplitMix64) -> String {
        let core: String
        switch content {
        case .countdown(let puzzle, _): core = countdown(puzzle, using: &random)
        case .multiplication(let product): core = multiplication(product, using: &random)
        case .equations(let system): core = equations(system, using: &random)
        case .sum(let sum): core = plainSum(sum, using: &random)
        case .foreign: core = ForeignQuestions.random(using: &random)
        }
        return dressed(core, using: &random)
    }

    private static func dressed(_ core: String, using random: inout SplitMix64) -> String {
        var text = core
        if random.chance(0.12) {
            let opening = random.pick([
                "Please", "Hi,", "Hello,", "Quick one:", "Question:", "Puzzle:", "OK,", "Can you help?", "Hey,", "Now:",
                "Here is a puzzle.", "Could you do this?", "A riddle:", "Problem:",
            ])
            text = "\(opening) \(text)"
        }
        if random.chance(0.1) { text += random.pick([" Thanks!", " Thank you.", " Please.", " Show the answer."]) }
        switch random.unit() {
        case ..<0.1: text = text.lowercased()
        case ..<0.13: text = text.uppercased()
        default: break
        }
        return text
    }

    /// `3, 7, 25 and 50` in one of the usual ways.
    private static func list(_ numbers: [Int], using random: inout SplitMix64) -> String {
        let words = numbers.map(String.init)
        switch random.unit() {
        case ..<0.45: return words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
        case ..<0.7: return words.joined(separator: ", ")
        case ..<0.8: return words.joined(separator: " ")
        case ..<0.87: return "[" + words.joined(separator: ", ") + "]"
        case ..<0.92: return words.dropLast().joined(separator: ", ") + ", and " + words[words.count - 1]
        case ..<0.96: return words.joined(separator: ",")
        default: return words.joined(separator: " and ")
        }
    }

    private static func countdown(_ puzzle: Countdown, using random: inout SplitMix64) -> String {
        var numbers = puzzle.numbers
        switch random.unit() {
        case ..<0.35: numbers.reverse()
        case ..<0.5: break
        default: numbers.shuffle(using: &random)
        }
        let n = list(numbers, using: &random)
        let t = puzzle.target
        let end = random.pick([".", "", "?", "!", "."])
        let core = random.pick([
            "Use \(n) to make \(t)\(end)",
            "Make \(t) from \(n)\(end)",
            "Using the numbers \(n), reach \(t)\(end)",
            "Reach \(t) with \(n)\(end)",
            "How can I get \(t) from \(n)?",
            "Combine \(n) to get \(t)\(end)",
            "Can you make \(t) out of \(n)?",
            "Countdown: numbers \(n), target \(t)\(end)",
            "Target \(t), numbers \(n)\(end)",
            "With \(n), build \(t)\(end)",
            "Find an expression that equals \(t) using \(n)\(end)",
            "The numbers are \(n). The target is \(t).",
            "Get \(t) using \(n)\(end)",
            "I have the numbers \(n). How do I make \(t)?",
            "Create an equation with \(n) that equals \(t)\(end)",
            "Write \(t) with the numbers \(n)\(end)",
            "Play countdown: reach \(t) from \(n)\(end)",
            "What combination of \(n) gives \(t)?",
            "Given \(n), find a way to reach \(t)\(end)",
            "Turn \(n) into \(t)\(end)",
            "Which expression of \(n) makes \(t)?",
            "Make \(t) using \(n)\(end)",
            "\(n) -> \(t)",
            "Use the numbers \(n) to reach the target \(t)\(end)",
        ])
        guard random.chance(0.2) else { return core }
        let rule = random.pick([
            "Use each number once.", "Use every number exactly once.", "All numbers must be used.",
            "Use + - * /.", "You may add, subtract, multiply and divide.", "Each number may be used only once.",
        ])
        let separator = core.hasSuffix(".") || core.hasSuffix("?") || core.hasSuffix("!") ? " " : ". "
        return core + separator + rule
    }

    private static func multiplication(_ product: Multiplication, using random: inout SplitMix64) -> String {
        let (a, b) = (product.left, product.right)
        let times = random.pick([" * ", " * ", " x ", "*", " times ", " × "])
        return random.pick([
            "What is \(a)\(times)\(b)?",
            "Multiply \(a) by \(b).",
            "Compute \(a)\(times)\(b).",
            "Calculate \(a)\(times)\(b).",
            "\(a)\(times)\(b)",
            "\(a)\(times)\(b) = ?",
            "Find the product of \(a) and \(b).",
            "What do you get when you multiply \(a) by \(b)?",
            "How much is \(a)\(times)\(b)?",
            "Work out \(a)\(times)\(b)",
            "What is the product of \(a) and \(b)?",
            "Tell me \(a)\(times)\(b)",
            "Give me the product \(a)\(times)\(b).",
            "Multiply the numbers \(a) and \(b)",
        ])
    }

    private static func equations(_ system: Equations, using random: inout SplitMix64) -> String {
        let texts = system.equations.map { random.chance(0.12) ? $0.text.replacing(" ", with: "") : $0.text }
        let names = system.equations.map(\.name)
        let spelled = names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
        let joined: String
        switch random.unit() {
        case ..<0.5: joined = texts.dropLast().joined(separator: ", ") + " and " + texts[texts.count - 1]
        case ..<0.75: joined = texts.joined(separator: ", ")
        case ..<0.9: joined = texts.joined(separator: "; ")
        default: joined = texts.joined(separator: "\n")
        }
        var e = system.expression
        switch random.unit() {
        case ..<0.2: e = e.replacing(" * ", with: "*")
        case ..<0.3: e = e.replacing(" ", with: "")
        default: break
        }
        return random.pick([
            "Solve for \(spelled), then give \(e): \(joined)",
            "Solve \(joined), then give \(e).",
            "If \(joined), what is \(e)?",
            "Given \(joined), find \(e).",
            "\(joined). What is \(e)?",
            "Find \(spelled) from \(joined) and compute \(e).",
            "Let \(joined). Compute \(e).",
            "Work out \(e) when \(joined).",
            "Solve these equations: \(joined). Then calculate \(e).",
            "What is \(e) if \(joined)?",
            "Solve for \(spelled): \(joined). Give \(e).",
            "We know that \(joined). How much is \(e)?",
            "Calculate \(e) given that \(joined).",
            "Evaluate \(e) where \(joined).",
        ])
    }

    private static func plainSum(_ sum: PlainSum, using random: inout SplitMix64) -> String {
        let (a, b) = (sum.left, sum.right)
        if sum.symbol == "-" {
            let minus = random.pick([" - ", " - ", "-", " minus "])
            return random.pick([
                "What is \(a)\(minus)\(b)?", "Subtract \(b) from \(a).", "Compute \(a)\(minus)\(b).",
                "\(a)\(minus)\(b)", "Calculate \(a)\(minus)\(b)", "How much is \(a)\(minus)\(b)?",
                "Take \(b) away from \(a).", "What is the difference of \(a) and \(b)?", "\(a)\(minus)\(b) = ?",
            ])
        }
        let plus = random.pick([" + ", " + ", "+", " plus "])
        return random.pick([
            "What is \(a)\(plus)\(b)?", "Add \(a) and \(b).", "Compute \(a)\(plus)\(b).", "\(a)\(plus)\(b)",
            "Calculate \(a)\(plus)\(b)", "How much is \(a)\(plus)\(b)?", "What is the sum of \(a) and \(b)?",
            "Find the sum of \(a) and \(b).", "Work out \(a)\(plus)\(b).", "\(a)\(plus)\(b) = ?",
            "Add \(b) to \(a).", "Tell me \(a)\(plus)\(b)",
        ])
    }
}
