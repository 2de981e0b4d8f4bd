import ArgumentParser
import Braid

/// One `--method-at-depth`: how the threads of a depth reason.
struct MethodAtDepth: Hashable {
    /// 1 for threads of the main line, 2 for theirs, and so on.
    var depth: Int
    /// How they reason.
    var method: MethodChoice

    /// Reads `DEPTH=METHOD`.
    init(_ argument: String) throws {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let depth = Int(parts[0]), (1...16).contains(depth),
            let method = MethodChoice(rawValue: parts[1])
        else {
            let allowed = MethodChoice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(
                "--method-at-depth is '\(argument)'; allowed: DEPTH=METHOD, with DEPTH 1 to 16 and METHOD \(allowed)")
        }
        self.depth = depth
        self.method = method
    }
}
