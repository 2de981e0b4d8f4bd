import Foundation
import Testing

@testable import Braid

@Suite("Search policies are values")
struct SearchTests {
    static func thought(_ steps: String..., value: Double, total: Double? = nil) -> Thought {
        Thought(steps: steps, value: value, total: total ?? value)
    }

    @Test("breadth first keeps the best of each step")
    func breadthFirst() {
        var search = ThoughtSearch(.breadthFirst(breadth: 2), depth: 2)
        #expect(search.frontier == [Thought()])
        search.take([[Self.thought("a", value: 1), Self.thought("b", value: 3), Self.thought("c", value: 2)]])
        #expect(search.frontier.map(\.steps) == [["b"], ["c"]])
        #expect(search.best.steps == ["b"])
        // Ties keep their order; the values of earlier steps do not count.
        search.take([
            [Self.thought("b", "d", value: 1)], [Self.thought("c", "e", value: 1), Self.thought("c", "f", value: 5)],
        ])
        #expect(search.best.steps == ["c", "f"] && search.frontier.isEmpty)
    }

    @Test("breadth first goes on while its best thought states no answer, and drops whole ones")
    func breadthFirstEnds() {
        var search = ThoughtSearch(.breadthFirst(breadth: 3), depth: 5)
        search.take([[Self.thought("a", value: 2), Self.thought("Answer: 1", value: 1)]])
        #expect(search.frontier.map(\.steps) == [["a"]])
        search.take([[Self.thought("a", "so Answer: 2", value: 9), Self.thought("a", "b", value: 1)]])
        #expect(search.frontier.isEmpty && search.best.answer == "2")
        var empty = ThoughtSearch(.breadthFirst(breadth: 3), depth: 5)
        empty.take([[]])
        #expect(empty.frontier.isEmpty && empty.best == Thought())
    }

    @Test("a beam ranks whole paths and keeps what is finished")
    func beam() {
        var search = ThoughtSearch(.beam(width: 2), depth: 3)
        search.take([[Self.thought("Answer: 1", value: 4), Self.thought("a", value: 3), Self.thought("b", value: 1)]])
        #expect(search.frontier.map(\.steps) == [["a"]])
        search.take([[Self.thought("a", "c", value: 0, total: 3), Self.thought("a", "d", value: 2, total: 5)]])
        #expect(search.best.steps == ["a", "d"])
        #expect(search.frontier.map(\.steps) == [["a", "d"]])
        search.take([[Self.thought("a", "d", "e", value: -2, total: 3)]])
        #expect(search.best.steps == ["Answer: 1"] && search.frontier.isEmpty)
    }

    @Test("depth first takes the best child first, prunes and goes back")
    func depthFirst() {
        var search = ThoughtSearch(.depthFirst(threshold: 1, expansions: 10), depth: 3)
        search.take([[Self.thought("a", value: 2), Self.thought("b", value: 5), Self.thought("c", value: 1)]])
        #expect(search.frontier.map(\.steps) == [["b"]])
        search.take([[Self.thought("b", "x", value: 0.5)]])
        // Nothing under b is above the threshold; c was pruned, a is left.
        #expect(search.frontier.map(\.steps) == [["a"]])
        search.take([[Self.thought("a", "y", value: 3), Self.thought("a", "z", value: 2)]])
        #expect(search.frontier.map(\.steps) == [["a", "y"]] && search.best.steps == ["a", "y"])
        search.take([[Self.thought("a", "y", "w", value: 7)]])
        #expect(search.frontier.isEmpty && search.best.steps == ["a", "y", "w"])
        var short = ThoughtSearch(.depthFirst(threshold: 0, expansions: 1), depth: 3)
        short.take([[Self.thought("a", value: 2), Self.thought("b", value: 1)]])
        #expect(short.frontier.isEmpty && short.best.steps == ["a"])
    }

    @Test("searches end, and never expand more than they may", arguments: 0..<200)
    func searchesEnd(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let width = Int.random(in: 1...4, using: &random)
        let depth = Int.random(in: 1...5, using: &random)
        let policies: [ThoughtSearch.Policy] = [
            .breadthFirst(breadth: width), .beam(width: width), .depthFirst(threshold: 2, expansions: 20),
        ]
        for policy in policies {
            var search = ThoughtSearch(policy, depth: depth)
            var rounds = 0
            while !search.frontier.isEmpty {
                rounds += 1
                #expect(search.frontier.count <= width)
                let frontier = search.frontier
                var candidates: [[Thought]] = []
                for parent in frontier {
                    var next: [Thought] = []
                    for _ in 0..<Int.random(in: 0...4, using: &random) {
                        let value = Double(Int.random(in: 0...5, using: &random))
                        let step = Int.random(in: 0...9, using: &random) == 0 ? "Answer: 1" : "s"
                        next.append(parent.adding(step, value: value))
                    }
                    candidates.append(next)
                }
                search.take(candidates)
                guard rounds <= 25 else { break }
            }
            if case .depthFirst = policy { #expect(rounds <= 20) } else { #expect(rounds <= depth) }
            #expect(search.best.steps.count <= depth)
        }
    }

    @Test("UCT is the formula", arguments: 1...40)
    func uct(parentVisits: Int) {
        for visits in 1...parentVisits {
            let expected = 0.25 + 1.5 * (log(Double(parentVisits)) / Double(visits)).squareRoot()
            let found = SearchTree.uct(value: 0.25, visits: visits, parentVisits: parentVisits, weight: 1.5)
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(SearchTree.uct(value: 9, visits: 0, parentVisits: parentVisits, weight: 1) == .infinity)
        #expect(SearchTree.uct(value: 9, visits: 1, parentVisits: 0, weight: 1) == 9)
    }

    @Test("selection, backpropagation and exhaustion by hand")
    func tree() {
        var tree = SearchTree()
        #expect(tree.selected(weight: 1) == 0)
        #expect(tree.expand(0, with: [("a", 0.1, nil), ("b", 0.7, nil)]) == [1, 2])
        // Neither was visited: the prior decides.
        #expect(tree.selected(weight: 1) == 2)
        tree.backpropagate(0.5, from: 2)
        #expect(tree.selected(weight: 1) == 1)
        tree.backpropagate(0.25, from: 1)
        #expect(tree.nodes[0].visits == 2 && tree.nodes[0].value == 0.375)
        // Equal visits: the mean reward decides.
        #expect(tree.selected(weight: 1) == 2)
        tree.expand(2, with: [("c", 0.2, 0)])
        tree.backpropagate(0, from: 3)
        #expect(tree.nodes[2].visits == 2 && tree.nodes[2].value == 0.25)
        // a: 0.25 + sqrt(ln 3 / 1), b: 0.25 + sqrt(ln 3 / 2).
        #expect(tree.selected(weight: 1) == 1)
        #expect(tree.mostPromising.thought.steps == ["b", "c"])
        #expect(tree.bestEnd?.thought.steps == ["b", "c"])
        tree.exhaust(3)
        #expect(tree.nodes[2].isExhausted && !tree.nodes[0].isExhausted)
        tree.exhaust(1)
        #expect(tree.nodes[0].isExhausted && tree.selected(weight: 1) == nil)
    }

    @Test("means and visits agree with a plain count", arguments: 0..<50)
    func backpropagation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var tree = SearchTree()
        var rewards: [Int: [Double]] = [:]
        for _ in 0..<30 {
            let parent = Int.random(in: 0..<tree.nodes.count, using: &random)
            tree.expand(parent, with: [("s", 0, nil)])
            let leaf = Int.random(in: 0..<tree.nodes.count, using: &random)
            let reward = Double(Int.random(in: 0...10, using: &random)) / 10
            tree.backpropagate(reward, from: leaf)
            var current: Int? = leaf
            while let node = current {
                rewards[node, default: []].append(reward)
                current = tree.nodes[node].parent
            }
        }
        for (index, node) in tree.nodes.enumerated() {
            let own = rewards[index] ?? []
            #expect(node.visits == own.count)
            #expect(abs(node.value - (own.isEmpty ? 0 : own.reduce(0, +) / Double(own.count))) < 1e-12)
        }
    }

    @Test("graphs that cannot be run are refused")
    func graphErrors() {
        typealias Node = GraphOfOperations.Node
        #expect(throws: GraphError.empty) { try GraphOfOperations([]) }
        #expect(throws: GraphError.duplicate("a")) {
            try GraphOfOperations([Node("a", .improve), Node("a", .improve)])
        }
        #expect(throws: GraphError.unknown("b", in: "a")) { try GraphOfOperations([Node("a", .improve, after: ["b"])]) }
        #expect(throws: GraphError.cycle(["b", "c"])) {
            try GraphOfOperations([
                Node("a", .generate(1)), Node("b", .improve, after: ["a", "c"]), Node("c", .improve, after: ["b"]),
            ])
        }
        #expect(throws: GraphError.outOfRange(operation: "a", value: 0, allowed: 1...64)) {
            try GraphOfOperations([Node("a", .keepBest(0))])
        }
        #expect(throws: GraphError.self) { try GraphOfOperations.draftAndMerge(drafts: 65, kept: 1) }
    }

    @Test("the best thoughts, unscored last, ties in order")
    func best() {
        let thoughts = [("a", 1.0), ("b", nil), ("c", 3), ("d", 3)].map { GraphThought(text: $0.0, score: $0.1) }
        #expect(thoughts.best(3).map(\.text) == ["c", "d", "a"])
        #expect(thoughts.best(9).map(\.text) == ["c", "d", "a", "b"])
        #expect(thoughts.best(0).isEmpty)
    }

    @Test("replies are read")
    func replies() {
        #expect(Reply("x\n**Answer:** 42 ").stated == "42")
        #expect(Reply("Answer: 1\nanswer: \\boxed{2}\n").stated == "2")
        #expect(Reply("so \\boxed{3}.").stated == "3")
        #expect(Reply("Answer:\n").stated == nil)
        #expect(Reply("Answer: `(3 * 8)` * _").stated == "(3 * 8)")
        #expect(Reply("The final answer: a: b").stated == "a: b")
        #expect(Reply("ÅNSWER: x, Answer: é").stated == "é")
        #expect(Reply("8/10, so the grade is 7.").lastNumber(in: 0...10) == 7)
        #expect(Reply("99 or 99999999999999999999").lastNumber(in: 0...10) == nil)
        #expect(Reply("maybe sure.\nNo: Impossible!").lastWord(of: ["sure", "impossible"]) == "impossible")
        #expect(Reply("surely").lastWord(of: ["sure"]) == nil)
        #expect(Reply("An answer: B, not A").firstLetter(of: ["A", "B"]) == "B")
        #expect(Reply("1. a\n 2.b \nx 3. c\n2. again\n4.\n").points.map(\.text) == ["a", "b"])
        #expect(Reply("- a\n\n* b\n3) c\n4 d\n-5\n6. e").items == ["a", "b", "c", "4 d", "-5", "e"])
        #expect(Reply("").points.isEmpty && Reply("").items.isEmpty && Reply("").stated == nil)
    }
}
