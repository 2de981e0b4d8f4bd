/// Why there is no engine at an address, or not the one that was asked for.
public enum RemoteEngineError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Text that is no address of an engine.
    case invalidURL(String, why: String)
    /// Nothing at the address answers.
    case unreachable(url: String, why: String)
    /// What is at the address is no engine that Braid knows how to talk to.
    case notAnEngine(url: String, why: String)
    /// The engine wants a key, or another one.
    case unauthorized(url: String)
    /// The engine does not serve the model.
    case unknownModel(String, url: String, served: [String])
    /// The engine serves several models, or lists none, and none was named.
    case modelNeeded(url: String, served: [String])
    /// Endpoints that should be one engine differ.
    case differentEngines(first: String, other: String, what: String)

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .invalidURL(let text, let why):
            "'\(text)' is not the address of an engine: \(why); give one such as http://127.0.0.1:8000/v1"
        case .unreachable(let url, let why):
            "the engine \(url): \(why); start it, or correct the address"
        case .notAnEngine(let url, let why):
            "\(url) is not an engine that Braid knows: \(why); it needs vLLM, SGLang, llama-server or OpenAI's routes"
        case .unauthorized(let url):
            "the engine \(url) refuses the key; set OPENAI_API_KEY to one that it takes"
        case .unknownModel(let model, let url, let served):
            "the engine \(url) does not serve '\(model)'; it serves: \(served.joined(separator: ", "))"
        case .modelNeeded(let url, let served):
            "the engine \(url) does not serve exactly one model; choose one with --model"
                + (served.isEmpty ? "" : ": \(served.joined(separator: ", "))")
        case .differentEngines(let first, let other, let what):
            "\(first) and \(other) cannot be one engine: \(what); give each its own command"
        }
    }
}
