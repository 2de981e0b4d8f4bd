import Braid
import Foundation

/// Asks a person on the terminal about a plan and about results.
struct PlanDialogue: Sendable {
    /// Shows a line; standard error when nothing else is said.
    var show: @Sendable (String) -> Void = { Terminal.standardError().write($0 + "\n") }
    /// Reads a line; nil at the end of the input.
    var read: @Sendable () -> String? = { readLine(strippingNewline: true) }

    /// The person's look at plan and results.
    var review: PlanReview {
        PlanReview(
            plan: { plan in
                show("braid: the plan:")
                switch ask(plan.lines) {
                case .approved: return .approved
                case .refused(let why): return .refused(why)
                case .edited(let text): return .edited(try PlanReader.read(text))
                }
            },
            results: { results in
                show("braid: the results, from which the answer is written:")
                switch ask(results.joined(separator: "\n")) {
                case .approved: return .approved
                case .refused(let why): return .refused(why)
                case .edited(let text): return .edited(text.split(whereSeparator: \.isNewline).map(String.init))
                }
            })
    }

    private func ask(_ text: String) -> PlanReview.Verdict<String> {
        for line in text.split(whereSeparator: \.isNewline) { show("  " + SafeText.line(String(line))) }
        while true {
            show("Return approves, e edits, n refuses:")
            guard let reply = read() else { return .refused("the input ended") }
            switch AnswerExtractor.trimmed(reply).lowercased() {
            case "", "y", "yes": return .approved
            case "n", "no": return .refused("by hand")
            case "e", "edit":
                show("Write the lines that are to stand in their place, and then an empty one:")
                var lines: [String] = []
                while let line = read(), !line.isEmpty { lines.append(line) }
                return .edited(lines.joined(separator: "\n"))
            default: break
            }
        }
    }
}
