/// Whatever continues a token sequence: embedded, or remote over HTTP.
///
/// A method never knows which engine it runs on; an engine never knows which method runs on it.
public protocol Engine: Sendable {
    /// What this engine is and can do.
    var description: EngineDescription { get }

    /// Starts a context that holds the prompt.
    /// - Throws: ``EngineError``.
    func open(_ prompt: TokenText) async throws -> any EngineContext
}
