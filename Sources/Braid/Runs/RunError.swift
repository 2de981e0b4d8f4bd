/// Why a run cannot be made.
public enum RunError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The model's vocabulary lacks tags that the method needs.
    case missingControlTags([String], dialect: String, method: String, model: String)
    /// The engine gives too little access to the token stream.
    case tierTooLow(EngineDescription.Tier, needed: EngineDescription.Tier, method: String)
    /// The dialect joins by stitching and the engine cannot.
    case cannotStitch(dialect: String, engine: String)
    /// The method's lines see each other while they are written and the engine cannot do that.
    case cannotGroup(method: String, engine: String)
    /// A number of the method is outside its range.
    case invalidOption(name: String, value: Int, allowed: ClosedRange<Int>)
    /// A fraction or weight of the method is outside its range.
    case invalidShare(name: String, value: Double, allowed: String)
    /// A prompt lacks placeholders for what its method has to say.
    case missingPlaceholders([String], prompt: String)
    /// Two options of a method exclude each other.
    case optionsConflict(String, String)
    /// A run answers once.
    case alreadyStarted

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .missingControlTags(let tags, let dialect, let method, let model):
            "the model \(model) has no token for \(tags.joined(separator: " ")), which the method \(method) needs in the "
                + "dialect \(dialect); choose a model trained on that dialect, another dialect, or a method without tags"
        case .tierTooLow(let tier, let needed, let method):
            "the method \(method) needs an engine of tier T\(needed.rawValue) (\(needed)) and this one is "
                + "T\(tier.rawValue) (\(tier)); connect an engine that offers raw completion"
        case .cannotStitch(let dialect, let engine):
            "the dialect \(dialect) joins by stitching, which the engine \(engine) cannot; use the embedded engine"
        case .cannotGroup(let method, let engine):
            "the lines of the method \(method) see each other while they are written, which the engine \(engine) cannot; use "
                + "the embedded engine, or a method whose threads are joined, such as adaptive or self-consistency"
        case .invalidOption(let name, let value, let allowed):
            "\(name) is \(value); choose a number from \(allowed.lowerBound) to \(allowed.upperBound)"
        case .invalidShare(let name, let value, let allowed): "\(name) is \(value); allowed: \(allowed)"
        case .missingPlaceholders(let names, let prompt):
            "the prompt \(prompt) lacks \(names.map { "{\($0)}" }.joined(separator: ", ")); put "
                + "\(names.count == 1 ? "it" : "them") where the text belongs"
        case .optionsConflict(let first, let second): "\(first) does not go with \(second); choose one of the two"
        case .alreadyStarted: "this run has already been started; make a new one for each answer"
        }
    }

    /// Refuses a number outside its range.
    static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(RunError) {
        guard range.contains(value) else { throw .invalidOption(name: name, value: value, allowed: range) }
    }
}
