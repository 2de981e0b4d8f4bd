/// The graph of operations of Graph of Thoughts (arXiv 2308.09687, section 4.2), as data: which operation works on the
/// thoughts of which others.
public struct GraphOfOperations: Sendable, Hashable {
    /// What is done with the thoughts of the preceding operations.
    public enum Operation: Sendable, Hashable {
        /// So many new thoughts from each; from the question, where nothing precedes.
        case generate(Int)
        /// So many thoughts, each made of all.
        case aggregate(Int)
        /// Each is improved.
        case improve
        /// Each is validated and, while it is not valid, improved; so many tries.
        case validateAndImprove(tries: Int)
        /// Each gets the mean of so many grades.
        case score(samples: Int)
        /// Only so many of highest score go on.
        case keepBest(Int)
        /// Only those go on that were found valid, or that nobody has looked at.
        case keepValid
        /// Each is checked exactly, as the method's check can.
        case groundTruth
    }

    /// One operation in the graph.
    public struct Node: Sendable, Hashable {
        /// Its name, unique in the graph.
        public var name: String
        /// What it does.
        public var operation: Operation
        /// Names of the operations whose thoughts it works on.
        public var after: [String]

        /// Creates a node.
        public init(_ name: String, _ operation: Operation, after: [String] = []) {
            self.name = name
            self.operation = operation
            self.after = after
        }
    }

    /// The operations.
    public let nodes: [Node]
    /// For each, indices of those it works on.
    let predecessors: [[Int]]
    /// Operations that no other works on; their thoughts are the result.
    let leaves: [Int]

    /// Creates a graph.
    /// - Throws: ``GraphError`` for a graph that cannot be run.
    public init(_ nodes: [Node]) throws(GraphError) {
        guard !nodes.isEmpty else { throw .empty }
        var indices: [String: Int] = [:]
        for (index, node) in nodes.enumerated() {
            guard indices[node.name] == nil else { throw .duplicate(node.name) }
            indices[node.name] = index
            if let (value, allowed) = node.operation.outOfRange {
                throw .outOfRange(operation: node.name, value: value, allowed: allowed)
            }
        }
        var predecessors: [[Int]] = []
        for node in nodes {
            var found: [Int] = []
            for name in node.after {
                guard let index = indices[name] else { throw .unknown(name, in: node.name) }
                found.append(index)
            }
            predecessors.append(found)
        }
        self.nodes = nodes
        self.predecessors = predecessors
        let used = Set(predecessors.flatMap { $0 })
        leaves = nodes.indices.filter { !used.contains($0) }
        var schedule = DependencySchedule(predecessors)
        var ended = 0
        while case let ready = schedule.ready(), !ready.isEmpty {
            ended += ready.count
            for index in ready { schedule.finished(index) }
        }
        guard ended == nodes.count else {
            throw .cycle(nodes.indices.filter { !schedule.hasStarted[$0] }.map { nodes[$0].name })
        }
    }

    /// Drafts, keeps the best, merges them, keeps the best of all, validates it: for any task.
    /// - Throws: ``GraphError/outOfRange(operation:value:allowed:)``.
    public static func draftAndMerge(drafts: Int, kept: Int) throws(GraphError) -> GraphOfOperations {
        try GraphOfOperations([
            Node("draft", .generate(drafts)),
            Node("grade drafts", .score(samples: 1), after: ["draft"]),
            Node("best drafts", .keepBest(kept), after: ["grade drafts"]),
            Node("merge", .aggregate(2), after: ["best drafts"]),
            Node("grade merges", .score(samples: 1), after: ["merge"]),
            Node("best", .keepBest(1), after: ["best drafts", "grade merges"]),
            Node("refine", .validateAndImprove(tries: 3), after: ["best"]),
        ])
    }
}

extension GraphOfOperations.Operation {
    /// The number in it that makes no sense, with what does.
    fileprivate var outOfRange: (value: Int, allowed: ClosedRange<Int>)? {
        let number: Int
        switch self {
        case .generate(let count), .aggregate(let count), .keepBest(let count), .score(let count): number = count
        case .validateAndImprove(let tries): number = tries
        case .improve, .keepValid, .groundTruth: return nil
        }
        return (1...64).contains(number) ? nil : (number, 1...64)
    }
}
