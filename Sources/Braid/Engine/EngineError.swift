/// What can go wrong inside an engine.
public enum EngineError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The context would be longer than the model allows.
    case contextTooLong(tokens: Int, limit: Int)
    /// A tag is not a token of the model's vocabulary.
    case unknownControlTag(String, known: [String])
    /// A number is outside its range.
    case invalidOption(name: String, value: String, allowed: String)
    /// The key-value memory is full.
    case outOfMemory(neededPages: Int, freePages: Int)
    /// The context was closed, or is waiting for its threads.
    case contextNotUsable(String)
    /// The engine does not offer what was asked for.
    case unsupported(String)
    /// The engine failed; the text says where.
    case failed(String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .contextTooLong(let tokens, let limit):
            "\(tokens) tokens do not fit the model's context of \(limit); shorten the question"
        case .unknownControlTag(let tag, let known):
            "the model's tokenizer has no token \(tag) (it has: \(known.sorted().joined(separator: " "))); "
                + "choose a dialect that the model was trained on, or another model"
        case .invalidOption(let name, let value, let allowed):
            "\(name) is \(value); allowed: \(allowed)"
        case .outOfMemory(let needed, let free):
            "the key-value cache has \(free) free pages and needs \(needed); use fewer threads or shorter questions"
        case .contextNotUsable(let why): "the context cannot be used: \(why)"
        case .unsupported(let what): "this engine does not support \(what)"
        case .failed(let why): "the engine failed: \(why)"
        }
    }
}
