/// Checks the path of a search over numbers, as the APR method's models hand it back, against a countdown puzzle.
///
/// Every `Exploring Operation: 9-3=6, ...` line is a step: both operands must be there, the arithmetic exact, and the
/// last step must leave the target alone (arXiv 2504.15466; `parallel_infernce_utils.py`, lines 3-153).
struct SearchPathCheck {
    let numbers: [Int]
    let target: Int

    /// Whether the path makes the target from all the numbers.
    func accepts(_ path: String) -> Bool {
        var left = numbers
        var last: Int?
        for line in path.split(separator: "\n") where line.hasPrefix(Self.step) {
            let written = line.dropFirst(Self.step.count).prefix { $0 != "," }
            guard let result = apply(String(written), to: &left) else { return false }
            last = result
        }
        return last == target && left == [target]
    }

    private static let step = "Exploring Operation: "

    /// Replaces a step's operands by its result; nil for a step that is wrong or cannot be taken.
    private func apply(_ step: String, to left: inout [Int]) -> Int? {
        let sides = step.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let result = Int(sides[1]),
            let operands = CountdownCheck.operands(of: String(sides[0])), operands.count == 2,
            CountdownCheck.value(of: String(sides[0])) == result
        else { return nil }
        for operand in operands {
            guard let index = left.firstIndex(of: operand) else { return nil }
            left.remove(at: index)
        }
        left.append(result)
        return result
    }
}
