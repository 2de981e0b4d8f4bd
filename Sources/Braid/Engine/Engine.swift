/// Whatever continues a token sequence: embedded, or remote over HTTP.
///
/// A method never knows which engine it runs on; an engine never knows which method runs on it.
public protocol Engine: Sendable {
    /// What this engine is and can do.
    var description: EngineDescription { get }

    /// Starts a context that holds the prompt.
    /// - Throws: ``EngineError``.
    func open(_ prompt: TokenText) async throws -> any EngineContext

    /// Starts a context that holds a prompt in plain words, where the model's answer begins.
    ///
    /// An engine that is a chat has its own; all others open the prompt's ``text(of:)``.
    /// - Throws: ``EngineError``, and what is wrong with the model's chat template.
    func open(asking prompt: Prompt) async throws -> any EngineContext

    /// A prompt in plain words as this engine's model was trained to read it; what the messages say stays text.
    /// - Throws: ``EngineError``, and what is wrong with the model's chat template.
    func text(of prompt: Prompt) throws -> TokenText
}

extension Engine {
    /// Opens ``text(of:)``.
    public func open(asking prompt: Prompt) async throws -> any EngineContext {
        try await open(text(of: prompt))
    }

    /// ``Prompt/plainText``.
    public func text(of prompt: Prompt) throws -> TokenText { prompt.plainText }
}
