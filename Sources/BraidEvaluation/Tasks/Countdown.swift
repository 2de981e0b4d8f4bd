/// A countdown puzzle: make the target from all the numbers, each used once.
public struct Countdown: Sendable, Hashable {
    /// The numbers, largest first.
    public let numbers: [Int]
    /// What to make.
    public let target: Int

    /// Sorts the numbers.
    public init(numbers: [Int], target: Int) {
        self.numbers = numbers.sorted(by: >)
        self.target = target
    }

    /// The same for two puzzles with the same numbers and target; decides train or held-out.
    public var key: String {
        "countdown \(numbers.map(String.init).joined(separator: " ")) \(target)"
    }

    /// A last step that reduces a four-number puzzle to a smaller one.
    struct Reduction {
        /// What the smaller puzzle is.
        enum Kind {
            /// Make `goal` from `rest`; then slot `slot` of ``CountdownArithmetic/needs(_:_:)`` with `last` gives the target.
            case last(goal: Int, slot: Int, last: Int, rest: [Int])
            /// Combine a result of one pair with a result of the other.
            case pairs(Int, Int, Int, Int)
        }

        let kind: Kind
        /// Whether the smaller puzzle has a solution.
        let works: Bool

        /// What an outline says of it: `+ 20` is "the last step adds 20", `from 20` takes the rest from 20, `into 20` divides
        /// 20 by the rest, `94 27 | 86 47` combines a result of each pair.
        func outline(target: Int) -> String {
            switch kind {
            case .last(_, let slot, let last, _):
                switch slot {
                case 0 where target < last: return "from \(last)"
                case 2 where target % last != 0: return "into \(last)"
                default: return "\(CountdownArithmetic.symbols[slot]) \(last)"
                }
            case .pairs(let a, let b, let c, let d):
                return "\(a) \(b) | \(c) \(d)"
            }
        }
    }

    /// Every way to choose the last step of a four-number puzzle, the most promising first.
    ///
    /// The order depends on nothing but the kind of step and the number's place: how often such a step leads to a solution,
    /// counted over random puzzles. Products come first, quotients last. Dividing by one is left out, multiplying by it is not.
    var reductions: [Reduction] {
        var ranked: [(rank: Int, reduction: Reduction)] = []
        for (index, last) in numbers.enumerated() where index == 0 || numbers[index - 1] != last {
            var rest = numbers
            rest.remove(at: index)
            let reachable = CountdownArithmetic.reachable(rest)
            for (slot, goal) in CountdownArithmetic.needs(target, last).enumerated() {
                guard let goal, slot != 3 || last != 1 else { continue }
                let reduction = Reduction(
                    kind: .last(goal: goal, slot: slot, last: last, rest: rest), works: reachable.contains(goal))
                ranked.append((Self.lastStepRanks[last == 1 && slot == 2 ? 4 : slot][index], reduction))
            }
        }
        let n = numbers
        var seen: Set<[Int]> = []
        for (index, (a, b, c, d)) in [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2)].enumerated()
        where seen.insert([n[a], n[b], n[c], n[d]]).inserted {
            let right = CountdownArithmetic.results(n[c], n[d]).compactMap { $0 }
            let works = CountdownArithmetic.results(n[a], n[b]).compactMap { $0 }.contains { value in
                CountdownArithmetic.needs(target, value).contains { need in need.map(right.contains) ?? false }
            }
            let reduction = Reduction(kind: .pairs(n[a], n[b], n[c], n[d]), works: works)
            ranked.append((Self.pairRanks[index], reduction))
        }
        return ranked.sorted { $0.rank < $1.rank }.map(\.reduction)
    }

    /// Place in the order, by slot and by the number's place; the fifth row multiplies by one.
    private static let lastStepRanks = [
        [4, 6, 8, 12], [7, 10, 13, 15], [0, 1, 2, 3], [19, 18, 17, 16], [14, 14, 14, 14],
    ]
    private static let pairRanks = [5, 11, 9]

    /// Target and numbers as the APR method's models are asked, such as `24:[4, 9, 3]`; the numbers in any order.
    func list(using random: inout SplitMix64) -> String {
        "\(target):[\(numbers.shuffled(using: &random).map(String.init).joined(separator: ", "))]"
    }

    /// Every target that all the numbers together make, in ascending order.
    static func targets(of numbers: [Int]) -> [Int] {
        let n = numbers.sorted(by: >)
        if n.count == 3 { return CountdownArithmetic.reachable(n).sorted() }
        var found = Set<Int>()
        for index in n.indices {
            var rest = n
            let last = rest.remove(at: index)
            for value in CountdownArithmetic.reachable(rest) {
                found.formUnion(CountdownArithmetic.results(max(value, last), min(value, last)).compactMap { $0 })
            }
        }
        for (a, b, c, d) in [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2)] {
            for left in CountdownArithmetic.results(n[a], n[b]) {
                for right in CountdownArithmetic.results(n[c], n[d]) {
                    guard let left, let right else { continue }
                    found.formUnion(CountdownArithmetic.results(max(left, right), min(left, right)).compactMap { $0 })
                }
            }
        }
        return found.sorted()
    }

    /// Draws numbers from 1 to 99, in a quarter of the puzzles from 1 to 12, and a target from 10 to 999, uniformly among
    /// those that the numbers reach; small numbers make 24 more often, as in the game of that name.
    static func solvable(count: Int, using random: inout SplitMix64) -> Countdown {
        while true {
            let (numbers, areSmall) = numbers(count: count, using: &random)
            let candidates = targets(of: numbers).filter { $0 >= 10 && !numbers.contains($0) }
            if areSmall, random.chance(0.3), candidates.contains(24) { return Countdown(numbers: numbers, target: 24) }
            if !candidates.isEmpty { return Countdown(numbers: numbers, target: random.pick(candidates)) }
        }
    }

    /// Draws a puzzle that no arithmetic solves.
    static func unsolvable(count: Int, using random: inout SplitMix64) -> Countdown {
        while true {
            let numbers = numbers(count: count, using: &random).numbers
            let target = random.chance(0.5) ? random.int(10...199) : random.int(10...999)
            if !numbers.contains(target),
                !CountdownArithmetic.solvableByAnyArithmetic(numbers, target: target)
            {
                return Countdown(numbers: numbers, target: target)
            }
        }
    }

    private static func numbers(count: Int, using random: inout SplitMix64) -> (numbers: [Int], areSmall: Bool) {
        let areSmall = random.chance(0.25)
        return ((0..<count).map { _ in random.int(1...(areSmall ? 12 : 99)) }, areSmall)
    }

    /// The question's usual answer when nothing reaches the target.
    public static let noSolution = "no solution"
}
