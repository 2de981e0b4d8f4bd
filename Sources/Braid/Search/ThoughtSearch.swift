/// Which thoughts to expand next: the search algorithms of Tree of Thoughts (arXiv 2305.10601, section 3), as a value.
///
/// The caller expands ``frontier``, values the candidates and hands them to ``take(_:)``, until the frontier is empty.
public struct ThoughtSearch: Sendable, Hashable {
    /// How the tree is searched.
    public enum Policy: Sendable, Hashable {
        /// Algorithm 1 (ToT-BFS): of each step's candidates the `breadth` of most value are kept.
        case breadthFirst(breadth: Int)
        /// Algorithm 2 (ToT-DFS): the most valuable candidate first, those of at most `threshold` are pruned; ends at the
        /// first thought of full depth, or after `expansions` expansions.
        case depthFirst(threshold: Double, expansions: Int)
        /// Beam search: as breadth first, but by the sum of values along the path, and finished thoughts keep their place.
        case beam(width: Int)
    }

    /// How the tree is searched.
    public let policy: Policy
    /// Steps of a whole thought, `T`.
    public let depth: Int
    /// Thoughts to expand now, all at the same time; empty when the search is over.
    public private(set) var frontier: [Thought]
    /// The thought to answer from so far: for depth first the deepest, the first one if several; else the best of the last
    /// step.
    public private(set) var best: Thought

    private var stack: [Thought] = []
    private var finished: [Thought] = []
    private var expansions = 0

    /// Begins at the question.
    public init(_ policy: Policy, depth: Int) {
        self.policy = policy
        self.depth = depth
        best = Thought()
        frontier = depth > 0 ? [best] : []
    }

    /// Takes the valued candidates of each thought of the frontier, in its order.
    public mutating func take(_ candidates: [[Thought]]) {
        switch policy {
        case .breadthFirst(let breadth): keep(candidates.flatMap { $0 }, breadth) { $0.value }
        case .beam(let width): keep(finished + candidates.flatMap { $0 }, width) { $0.total }
        case .depthFirst(let threshold, let limit): descend(candidates.flatMap { $0 }, threshold, limit)
        }
    }

    private mutating func keep(_ candidates: [Thought], _ width: Int, by worth: (Thought) -> Double) {
        let kept = Self.sorted(candidates, by: worth).prefix(width)
        guard let first = kept.first else {
            frontier = []
            return
        }
        best = first
        if case .beam = policy { finished = kept.filter { isWhole($0) } }
        // Breadth first ends with the step in which its best thought is whole; Algorithm 1 has no thoughts of other lengths.
        let isOver = finished.isEmpty && isWhole(first)
        frontier = isOver ? [] : kept.filter { !isWhole($0) }
    }

    private mutating func descend(_ candidates: [Thought], _ threshold: Double, _ limit: Int) {
        expansions += 1
        let promising = Self.sorted(candidates.filter { $0.value > threshold }, by: \.value)
        if let first = promising.first, first.steps.count > best.steps.count { best = first }
        stack += promising.reversed()
        frontier = []
        guard expansions < limit, let next = stack.popLast() else { return }
        if isWhole(next) { best = next } else { frontier = [next] }
    }

    private func isWhole(_ thought: Thought) -> Bool { thought.steps.count >= depth || thought.answer != nil }

    /// Most worth first; equal ones in the order they came.
    private static func sorted(_ thoughts: [Thought], by worth: (Thought) -> Double) -> [Thought] {
        thoughts.enumerated().sorted { left, right in
            let (first, second) = (worth(left.element), worth(right.element))
            return first == second ? left.offset < right.offset : first > second
        }.map(\.element)
    }
}
