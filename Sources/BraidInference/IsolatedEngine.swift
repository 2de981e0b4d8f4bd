internal import Braid

/// An engine whose contexts find only each other's prefixes in the cache.
struct IsolatedEngine: Engine {
    let engine: EmbeddedEngine
    let partition: CachePartition

    var description: EngineDescription { engine.description }

    func open(_ prompt: TokenText) async throws -> any EngineContext {
        try await engine.open(prompt, in: partition)
    }

    func text(of prompt: Prompt) throws -> TokenText { try engine.text(of: prompt) }
}
