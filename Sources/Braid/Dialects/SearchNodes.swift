/// States of a search over numbers, read from what a model wrote in the APR method's plain text lines.
///
/// `Generated Node #0,1: 24:[4, 3, 2] Operation: 9-7=2` adds a node to its parent's operations; a `Current State:` line
/// behind `Moving to Node #0,1` says a node whole (arXiv 2504.15466; `parallel_infernce_utils.py`, lines 169-268).
struct SearchNodes {
    private struct Node {
        var numbers: String
        var operations: [String]
    }

    private var nodes: [String: Node] = [:]

    /// Reads a line's text.
    /// - Complexity: O(length of the text + nodes × depth).
    init(in text: String) {
        var current: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if let moved = Self.rest(of: line, after: "Moving to Node #") {
                current = String(moved)
            } else if let state = Self.rest(of: line, after: "Current State: "), let id = current,
                let split = state.firstRange(of: ", Operations: ")
            {
                let written = state[split.upperBound...].filter { !"[]' ".contains($0) }
                nodes[id] = Node(
                    numbers: String(state[..<split.lowerBound]),
                    operations: written.split(separator: ",").map(String.init))
            } else if let generated = Self.rest(of: line, after: "Generated Node #"),
                let colon = generated.firstRange(of: ": "), let split = generated.firstRange(of: " Operation: ")
            {
                guard colon.upperBound <= split.lowerBound else { continue }
                let id = String(generated[..<colon.lowerBound])
                let parent = id.split(separator: ",").dropLast().joined(separator: ",")
                let operations = (nodes[parent]?.operations ?? []) + [String(generated[split.upperBound...])]
                nodes[id] = Node(
                    numbers: String(generated[colon.upperBound..<split.lowerBound]), operations: operations)
            }
        }
    }

    /// A node's state as a `Current State:` line writes it, or nil; the name is `Node #0,1`.
    func state(named name: String) -> String? {
        guard let id = Self.rest(of: name[...], after: "Node #") else { return nil }
        return nodes[AnswerExtractor.trimmed(String(id))].map { node in
            "\(node.numbers), Operations: [\(node.operations.map { "'\($0)'" }.joined(separator: ", "))]"
        }
    }

    private static func rest(of line: Substring, after start: String) -> Substring? {
        line.hasPrefix(start) ? line.dropFirst(start.count) : nil
    }
}
