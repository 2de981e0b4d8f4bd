/// What can be wrong with a chat template, or with what it is given.
public enum ChatTemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The template is not written as a template must be.
    case malformed(line: Int, reason: String)
    /// The template uses something of Jinja that is not supported.
    case unsupported(line: Int, feature: String)
    /// The template asks for something that makes no sense for the values it meets.
    case invalidOperation(line: Int, reason: String)
    /// The template itself refused the conversation, with these words.
    case refused(reason: String)
    /// The template needs more than it may use.
    case limitExceeded(name: String, limit: Int)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .malformed(let line, let reason):
            "the chat template is damaged at line \(line): \(reason); download or export the model again"
        case .unsupported(let line, let feature):
            "the chat template uses \(feature) at line \(line), which is not supported; write the prompt without a template"
        case .invalidOperation(let line, let reason):
            "the chat template fails at line \(line): \(reason); check the messages, tools and variables given to it"
        case .refused(let reason):
            "the chat template refuses this conversation: \(reason)"
        case .limitExceeded(let name, let limit):
            "the chat template exceeds its limit of \(limit) \(name); shorten the conversation or use another template"
        }
    }
}
