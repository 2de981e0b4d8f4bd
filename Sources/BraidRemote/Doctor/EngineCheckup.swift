internal import Braid
internal import Foundation

/// Tries out a live engine: what it is, what its cache saves, whether it notices a closed request, how wide it pays.
public struct EngineCheckup: Sendable {
    private static let promptLength = 192
    private static let generationLength = 48
    /// A width pays when it is at least this much faster than half of it.
    private static let worthwhile = 1.15

    private let engine: RemoteEngine
    private let clock = ContinuousClock()

    /// Prepares a checkup; it takes some seconds of the engine's time.
    public init(_ engine: RemoteEngine) {
        self.engine = engine
    }

    /// Checks the engine's first server.
    /// - Throws: `EngineError`, `CancellationError`.
    public func report() async throws -> EngineReport {
        let endpoint = engine.endpoints[0]
        let widths = try await widths(capacity: endpoint.capacity)
        return EngineReport(
            url: endpoint.url.description, engine: endpoint.adapter.name, model: endpoint.model,
            tier: endpoint.adapter.tier, contextLength: endpoint.contextLength, capacity: endpoint.capacity,
            tokenizer: try await tokenizer(endpoint), prefixCache: try await cache(),
            cancellation: try await cancellation(endpoint), widths: widths, usefulWidth: Self.usefulWidth(widths))
    }

    /// The widest that pays: widths double as long as each is clearly faster than the one before.
    static func usefulWidth(_ widths: [EngineReport.WidthCheck]) -> Int {
        var best = widths.first
        for next in widths.dropFirst() {
            guard let last = best, next.tokensPerSecond >= last.tokensPerSecond * worthwhile else { break }
            best = next
        }
        return best?.width ?? 1
    }

    private func tokenizer(_ endpoint: RemoteEndpoint) async throws -> EngineReport.TokenizerCheck? {
        guard endpoint.adapter.tier == .tokens else { return nil }
        let wanted = engine.options.tags
        var check = EngineReport.TokenizerCheck(
            singleTokens: wanted.intersection(endpoint.tags.keys).sorted(),
            missing: wanted.subtracting(endpoint.tags.keys).sorted())
        guard let vocabulary = engine.options.vocabulary else { return check }
        let sample = "What is 347 * 86? Then 3x + 7 = 22.\nÄgypten, 東京, naïve."
        let theirs = try await Tokenization.tokens(of: sample, at: endpoint, transport: engine.transport)
        check.agreesWithLocal = try await vocabulary.encode(sample) == theirs
        for tag in check.singleTokens {
            let ids = try await Tokenization.tokens(of: tag, at: endpoint, transport: engine.transport)
            if ids != endpoint.tags[tag].map({ [$0] }) { check.agreesWithLocal = false }
        }
        return check
    }

    private func cache() async throws -> EngineReport.CacheCheck? {
        guard engine.description.tier >= .text else { return nil }
        let prompt = try await prompt(salt: UInt64.random(in: 0...UInt64.max))
        let count = await prompt.tokenCount
        // The same beginning twice; whoever comes second finds it in the cache.
        let forks = try await prompt.fork(2)
        let before = engine.statistics
        try await drain(forks[0], count: 1)
        let between = engine.statistics
        try await drain(forks[1], count: 1)
        let after = engine.statistics
        for fork in forks { await fork.close() }
        let isSaid = after.promptTokens > before.promptTokens
        return EngineReport.CacheCheck(
            promptTokens: count, cachedTokens: isSaid ? after.cachedTokens - between.cachedTokens : nil)
    }

    private func cancellation(_ endpoint: RemoteEndpoint) async throws -> EngineReport.CancellationCheck {
        guard try await running(endpoint) != nil else { return .unknown }
        let context = try await prompt(salt: 1)
        // Enough tokens that it is still at work when the connection closes.
        let options = DecodingOptions(stops: [], maximumTokens: max(8, endpoint.contextLength / 2))
        do {
            var read = 0
            for try await _ in context.decode(options) {
                read += 1
                if read == 2 { break }
            }
        }
        await context.close()
        for _ in 0..<50 {
            if try await running(endpoint) == 0 { return .stops }
            try await clock.sleep(for: .milliseconds(100))
        }
        return .goesOn
    }

    /// How many requests the engine is at work on, if it tells.
    private func running(_ endpoint: RemoteEndpoint) async throws -> Int? {
        let address = EngineAddress(url: endpoint.url, model: endpoint.model, credential: engine.options.credential)
        func body(_ path: String) async throws -> [UInt8]? {
            do {
                let response = try await engine.transport.sendSurely(address.get(path))
                let body = try await response.collect()
                return response.status == 200 ? body : nil
            } catch is TransportError {
                return nil
            }
        }
        if endpoint.adapter is LlamaServerAdapter {
            struct Slot: Decodable {
                private enum CodingKeys: String, CodingKey {
                    case isProcessing = "is_processing"
                }
                var isProcessing: Bool
            }
            // One that answers in another form does not tell.
            guard let body = try await body("/slots"), let slots = try? WireJSON.decode([Slot].self, from: body) else {
                return nil
            }
            return slots.count(where: \.isProcessing)
        }
        guard let body = try await body("/metrics") else { return nil }
        return Self.running(inMetrics: String(decoding: body, as: UTF8.self))
    }

    /// The gauge of running requests that vLLM and SGLang show, added up over its labels; nil when there is none.
    static func running(inMetrics text: String) -> Int? {
        let names = ["vllm:num_requests_running", "sglang:num_running_reqs"]
        let values = text.split(whereSeparator: \.isNewline).compactMap { line -> Double? in
            guard names.contains(where: { line.hasPrefix($0) }) else { return nil }
            return line.split(separator: " ").last.flatMap { Double($0) }
        }
        guard !values.isEmpty else { return nil }
        return Int(exactly: values.reduce(0, +).rounded())
    }

    private func widths(capacity: Int) async throws -> [EngineReport.WidthCheck] {
        var widths: [EngineReport.WidthCheck] = []
        var width = 1
        while width <= min(capacity, 16) {
            let contexts = try await prompt(salt: UInt64(width)).fork(width)
            let before = engine.statistics.deliveredTokens
            let start = clock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for context in contexts {
                    group.addTask { try await drain(context, count: Self.generationLength) }
                }
                try await group.waitForAll()
            }
            let seconds = (clock.now - start) / .seconds(1)
            for context in contexts { await context.close() }
            let tokens = Double(engine.statistics.deliveredTokens - before)
            widths.append(EngineReport.WidthCheck(width: width, tokensPerSecond: tokens / max(seconds, 1e-6)))
            width *= 2
        }
        return widths
    }

    /// A context with a prompt that fills several pages of any cache and that nobody has sent before.
    private func prompt(salt: UInt64) async throws -> any EngineContext {
        var numbers = SystemRandomNumberGenerator()
        let length = min(Self.promptLength, engine.description.contextLength / 4)
        let words = (0..<length / 2).map { _ in String(Int.random(in: 1...99, using: &numbers)) }
        return try await engine.open(TokenText([.text("\(salt % 1000) " + words.joined(separator: " "))]))
    }

    private func drain(_ context: any EngineContext, count: Int) async throws {
        for try await _ in context.decode(DecodingOptions(stops: [], maximumTokens: count)) {}
    }
}
