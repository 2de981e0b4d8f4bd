/// Whether a question falls apart into independent parts, judged by its words alone.
///
/// Cheap and cautious: it says yes or no only where the words are plain, and leaves the rest to the model.
public enum Decomposability: Sendable, Hashable {
    /// It does; the text says why.
    case yes(String)
    /// It does not; the text says why.
    case no(String)
    /// The words do not say.
    case unsure

    /// Phrases that announce independent parts.
    private static let partings = [
        "for each", "each of", "respectively", "compare", "one approach is", "another is", "pros and cons",
        "advantages and disadvantages", "as well as", "several", "independent",
    ]
    /// Phrases that announce one chain of steps.
    private static let chains = ["then use that", "step by step from", "what happens next", "continue the story"]
    /// Shorter questions without any sign of parts are answered at once.
    private static let shortWords = 8

    /// Judges a question.
    public static func judge(_ question: Question) -> Decomposability {
        let text = question.text.lowercased()
        let words = text.split(whereSeparator: \.isWhitespace).count
        let items = listItems(question.text)
        if items >= 2 { return .yes("it lists \(items) items") }
        let equations = text.count { $0 == "=" }
        if equations >= 2 { return .yes("it has \(equations) equations") }
        let asked = text.count { $0 == "?" }
        if asked >= 2 { return .yes("it asks \(asked) questions") }
        if let phrase = partings.first(where: { text.contains($0) }) { return .yes("it says “\(phrase)”") }
        if let phrase = chains.first(where: { text.contains($0) }) { return .no("it says “\(phrase)”") }
        let numbers = text.split { !$0.isNumber }.count
        if words <= shortWords, numbers < 3 { return .no("it is short and names no parts") }
        return .unsure
    }

    /// Lines that begin as items of a list do.
    private static func listItems(_ text: String) -> Int {
        text.split(whereSeparator: \.isNewline).count { line in
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("- ") || line.hasPrefix("* ") || line.hasPrefix("• ") { return true }
            let digits = line.prefix { $0.isNumber }
            let rest = line.dropFirst(digits.count)
            return (1...2).contains(digits.count) && (rest.hasPrefix(". ") || rest.hasPrefix(") "))
        }
    }
}
