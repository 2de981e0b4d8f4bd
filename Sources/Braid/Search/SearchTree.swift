/// The tree of Monte Carlo tree search as LATS grows it (arXiv 2310.04406, section 4), as a value.
public struct SearchTree: Sendable, Hashable {
    /// One state.
    public struct Node: Sendable, Hashable {
        /// The state that it follows; nil for the root.
        public var parent: Int?
        /// The states that follow it.
        public var children: [Int] = []
        /// The steps that lead to it.
        public var thought: Thought
        /// `N(s)`.
        public var visits = 0
        /// `V(s)`: mean of the rewards that were backpropagated through it.
        public var value = 0.0
        /// The evaluator's value, before any visit.
        public var prior = 0.0
        /// Reward of an end; nil for a state that is none.
        public var reward: Double?
        /// Whether nothing new can come of it.
        public var isExhausted = false
    }

    /// All states; the root is the first.
    public private(set) var nodes: [Node]

    /// The root alone.
    public init() {
        nodes = [Node(parent: nil, thought: Thought())]
    }

    /// `UCT(s) = V(s) + w sqrt(ln N(p) / N(s))` (equation 1); infinite for a state without visits.
    public static func uct(value: Double, visits: Int, parentVisits: Int, weight: Double) -> Double {
        guard visits > 0 else { return .infinity }
        return value + weight * (logarithm(Double(max(1, parentVisits))) / Double(visits)).squareRoot()
    }

    /// The state to expand next: from the root always the child of highest UCT, of equal ones that of highest prior, that
    /// is not exhausted; nil when the whole tree is.
    public func selected(weight: Double) -> Int? {
        var current = 0
        while !nodes[current].isExhausted {
            let open = nodes[current].children.filter { !nodes[$0].isExhausted }
            guard !nodes[current].children.isEmpty else { return current }
            guard var best = open.first else { return nil }
            for child in open.dropFirst() {
                let (new, old) = (uct(of: child, weight), uct(of: best, weight))
                if new > old || (new == old && nodes[child].prior > nodes[best].prior) { best = child }
            }
            current = best
        }
        return nil
    }

    /// Adds what follows a state.
    /// - Returns: their places.
    @discardableResult
    public mutating func expand(_ node: Int, with steps: [(step: String, prior: Double, reward: Double?)]) -> [Int] {
        let added = steps.map { step in
            nodes.append(
                Node(
                    parent: node, thought: nodes[node].thought.adding(step.step, value: step.prior), prior: step.prior,
                    reward: step.reward))
            return nodes.count - 1
        }
        nodes[node].children += added
        return added
    }

    /// Gives a reward to a state and all that lead to it: `V(s) = (V(s) (N(s) - 1) + r) / N(s)` after `N(s)` has risen by
    /// one (section 4.1, backpropagation).
    public mutating func backpropagate(_ reward: Double, from node: Int) {
        var current: Int? = node
        while let index = current {
            nodes[index].visits += 1
            let visits = Double(nodes[index].visits)
            nodes[index].value = (nodes[index].value * (visits - 1) + reward) / visits
            current = nodes[index].parent
        }
    }

    /// Notes that nothing new can come of a state, and of those that lead to nothing else.
    public mutating func exhaust(_ node: Int) {
        var current: Int? = node
        while let index = current {
            let isOver = index == node || nodes[index].children.allSatisfy { nodes[$0].isExhausted }
            guard isOver else { return }
            nodes[index].isExhausted = true
            current = nodes[index].parent
        }
    }

    /// The end of highest reward, the first of equal ones; nil when no end was reached.
    public var bestEnd: Node? {
        var best: Node?
        for node in nodes {
            if let reward = node.reward, reward > best?.reward ?? -1 { best = node }
        }
        return best
    }

    /// The state to answer from when no end was reached: along the most visited children, of equal ones by prior.
    public var mostPromising: Node {
        var current = nodes[0]
        while let first = current.children.first {
            var best = first
            for child in current.children.dropFirst()
            where (nodes[child].visits, nodes[child].prior) > (nodes[best].visits, nodes[best].prior) {
                best = child
            }
            current = nodes[best]
        }
        return current
    }

    private func uct(of node: Int, _ weight: Double) -> Double {
        let parentVisits = nodes[node].parent.map { nodes[$0].visits } ?? 0
        return Self.uct(
            value: nodes[node].value, visits: nodes[node].visits, parentVisits: parentVisits, weight: weight)
    }

    /// Natural logarithm; the domain imports no C library.
    private static func logarithm(_ value: Double) -> Double {
        // ln(m 2^e) = e ln 2 + 2 atanh((m - 1) / (m + 1)), whose series ends below 1e-16 after 24 terms for m in [1, 2).
        let ratio = (value.significand - 1) / (value.significand + 1)
        var (power, sum) = (ratio, 0.0)
        for term in 0..<24 {
            sum += power / Double(2 * term + 1)
            power *= ratio * ratio
        }
        return Double(value.exponent) * 0.693_147_180_559_945_309_4 + 2 * sum
    }
}
