import Braid
import Synchronization

@testable import BraidRemote

/// Engines in memory, each with the answers that its documentation shows.
enum Servers {
    /// Control tags of every scripted engine.
    static let tags: [String: TokenID] = ["<Go>": 100, "</Go>": 101, "<End>": 102]
    /// Where they are.
    static let url = "http://127.0.0.1:9/v1"

    /// What every test engine does: words are tokens, by their length.
    static func vocabulary(decodes: Bool = true) -> RemoteVocabulary {
        let decoder: RemoteVocabulary.Decoder = { id in "w\(id) " }
        var vocabulary = RemoteVocabulary(
            tags: tags, encode: { text in text.split(separator: " ").map { TokenID($0.count) } })
        if decodes { vocabulary.makeDecoder = { decoder } }
        return vocabulary
    }

    /// Options without pauses.
    static func options(
        vocabulary: RemoteVocabulary? = vocabulary(), credential: Credential? = nil
    ) -> RemoteEngineOptions {
        RemoteEngineOptions(credential: credential, tags: Set(tags.keys), vocabulary: vocabulary)
    }

    /// An engine of one or more servers that skips the probe.
    /// - Parameter waits: Gets every pause; returning ends it.
    static func engine(
        _ adapter: (EngineAddress) -> any EngineAdapter, transport: ScriptedTransport, count: Int = 1,
        options: RemoteEngineOptions = options(), contextLength: Int = 1000, capacity: Int = 4,
        identity: EngineIdentity? = nil,
        wait: @escaping @Sendable (Duration) async throws -> Void = { _ in try await Servers.never() }
    ) throws -> RemoteEngine {
        let endpoints = try (0..<count).map { index in
            let address = EngineAddress(
                url: try EngineURL("http://server\(index)/v1"), model: "m", credential: options.credential)
            return RemoteEndpoint(
                url: address.url, adapter: adapter(address), model: "m", contextLength: contextLength,
                capacity: capacity, tags: adapter(address).tier == .tokens ? tags : [:], identity: identity)
        }
        return RemoteEngine(
            endpoints, options: options, transport: transport, time: TimeLimit(wait: wait), jitter: { 0.5 })
    }

    /// Ends pauses before retries at once, and no limit of time.
    static let endingPauses: @Sendable (Duration) async throws -> Void = { duration in
        if duration >= .seconds(60) { try await never() }
    }

    /// Waits until somebody cancels.
    static func never() async throws {
        let (stream, _) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        throw CancellationError()
    }

    /// What a decode call gave.
    struct Decoded: Equatable {
        var ids: [TokenID] = []
        var text = ""
        var stop: StopReason?
    }

    /// Reads a decode call to its end.
    static func decode(
        _ context: any EngineContext, stops: Set<String> = ["</Go>"], maximumTokens: Int = 100
    ) async throws -> Decoded {
        var decoded = Decoded()
        for try await event in context.decode(DecodingOptions(stops: stops, maximumTokens: maximumTokens)) {
            switch event {
            case .token(let token):
                decoded.ids.append(token.id)
                decoded.text += token.control ?? token.text
            case .stop(let reason): decoded.stop = reason
            }
        }
        return decoded
    }
}
