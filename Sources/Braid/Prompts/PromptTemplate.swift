/// A prompt with gaps: `{name}` stands for a value that is filled in for each call.
public struct PromptTemplate: Sendable, Hashable, Codable, ExpressibleByStringLiteral {
    /// What the model is told about its task; empty for nothing.
    public var system: String
    /// What is asked.
    public var user: String
    /// What the answer begins with.
    public var answerBeginning: String

    /// Creates a template.
    public init(system: String = "", user: String, answerBeginning: String = "") {
        self.system = system
        self.user = user
        self.answerBeginning = answerBeginning
    }

    /// Creates a template of what is asked.
    public init(stringLiteral value: String) {
        self.init(user: value)
    }

    /// Asks a question with an answer that ``Reply/stated`` finds; for any task.
    public static let direct = PromptTemplate(
        user: """
            {question}

            Think step by step. Write the final answer on a line of its own, after "Answer:".
            """)

    /// The prompt with its gaps filled, in one pass: braces in a value, and gaps without a value, stay as they are.
    public func prompt(_ values: [String: String]) -> Prompt {
        var messages: [Prompt.Message] = []
        if !system.isEmpty { messages.append(Prompt.Message(.system, Self.fill(system, values))) }
        messages.append(Prompt.Message(.user, Self.fill(user, values)))
        return Prompt(messages, answerBeginning: Self.fill(answerBeginning, values))
    }

    /// Refuses a template that lacks what the method has to say.
    /// - Throws: ``RunError/missingPlaceholders(_:prompt:)``.
    public func require(_ names: [String], for prompt: String) throws(RunError) {
        let all = system + user + answerBeginning
        let missing = names.filter { !all.contains("{\($0)}") }
        guard missing.isEmpty else { throw .missingPlaceholders(missing, prompt: prompt) }
    }

    private static func fill(_ template: String, _ values: [String: String]) -> String {
        var filled = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            filled += rest[..<brace]
            rest = rest[brace...]
            if let end = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: brace)..<end])] {
                filled += value
                rest = rest[rest.index(after: end)...]
            } else {
                filled += "{"
                rest = rest.dropFirst()
            }
        }
        return filled + rest
    }
}
