import Braid

@testable import BraidRemote

/// A vLLM in memory: what it streams, and an engine in front of it.
enum VLLM {
    /// What ends a stream.
    static let done = "[DONE]"
    /// The event behind the last token.
    static let usage =
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":3,"
        + "\"prompt_tokens_details\":{\"cached_tokens\":2}}}"
    /// A whole stream of the tokens 1, 2 and 101, which stops it.
    static let good = [event([1]), event([2]), event([101], stop: 101), usage, done]

    /// Some tokens.
    static func event(_ ids: [Int], stop: Int? = nil) -> String {
        let reason = stop.map { "\"stop\",\"stop_reason\":\($0)" } ?? "null"
        return "{\"choices\":[{\"index\":0,\"text\":\"\",\"token_ids\":\(ids),\"finish_reason\":\(reason)}]}"
    }

    /// An engine whose every request is answered by a script, and what it was asked.
    static func engine(
        count: Int = 1, options: RemoteEngineOptions = Servers.options(), contextLength: Int = 1000, capacity: Int = 4,
        wait: @escaping @Sendable (Duration) async throws -> Void = { _ in try await Servers.never() },
        _ script: @escaping @Sendable (HTTPRequest) throws -> ScriptedTransport.Reply
    ) throws -> (RemoteEngine, ScriptedTransport) {
        let transport = ScriptedTransport(script)
        let engine = try Servers.engine(
            { VLLMAdapter(tier: .tokens, address: $0) }, transport: transport, count: count, options: options,
            contextLength: contextLength, capacity: capacity, wait: wait)
        return (engine, transport)
    }
}
