public import Braid
internal import Synchronization

/// An engine over HTTP: vLLM, SGLang, llama-server, or any service with OpenAI's routes; one server or several that serve
/// the same model.
///
/// Where the engine takes token ids they are the truth, and joins send exactly the prefix that its cache has. A fork
/// copies a list of tokens and a join appends one. A generation that fails before anything was delivered is tried again,
/// elsewhere if there is another server; one that fails later goes on from the tokens that were delivered, where they are
/// ids, and fails where they are text. A stream that ends without saying why is an error. A server to which a connection
/// broke gets no ids before it was asked whether it is still what it was.
public final class RemoteEngine: Engine {
    /// The tag that stands for a model's own end, where it is not one of the control tags.
    public static let endOfText = "<end of text>"

    /// What this engine is and can do.
    public let description: EngineDescription

    let endpoints: [RemoteEndpoint]
    let pool: EndpointPool
    let transport: any HTTPTransport
    let options: RemoteEngineOptions
    /// Control tags with their ids; empty below tier T3.
    let tags: [String: TokenID]
    private let plain: PlainText
    private let counts = Mutex(RemoteEngineStatistics())
    /// Whether the service has not refused forms of answers yet.
    private let acceptsForms = Atomic(true)
    let time: TimeLimit
    private let jitter: @Sendable () -> Double

    /// Finds out what is at the addresses and connects to it. A server that cannot be reached is taken for one like the
    /// others, and gets requests once it is there; one at least must be.
    /// - Parameters:
    ///   - urls: The servers, at least one; all must serve the same model in the same way.
    ///   - model: The model to ask for; without one, the only or first one that is served.
    ///   - transport: Carries the requests.
    ///   - clock: Measures pauses and silence.
    /// - Throws: ``RemoteEngineError``, `EngineError`, `CancellationError`.
    public static func connect(
        to urls: [EngineURL], model: String? = nil, options: RemoteEngineOptions = RemoteEngineOptions(),
        transport: any HTTPTransport, clock: some Clock<Duration> = ContinuousClock()
    ) async throws -> RemoteEngine {
        var found: [RemoteEndpoint?] = []
        var first: RemoteEndpoint?
        var absence = RemoteEngineError.invalidURL("", why: "at least one is needed")
        let probe = EngineProbe(transport: transport, options: options, clock: clock)
        for url in urls {
            do {
                let endpoint = try await probe.endpoint(at: url, model: model)
                if let first { try Self.check(endpoint, isLike: first) }
                first = first ?? endpoint
                found.append(endpoint)
            } catch let error as RemoteEngineError {
                guard case .unreachable = error else { throw error }
                absence = error
                found.append(nil)
            }
        }
        guard let first else { throw absence }
        let start = clock.now
        let engine = RemoteEngine(
            zip(urls, found).map { $1 ?? first.moved(to: $0) }, options: options, transport: transport,
            time: TimeLimit(clock), now: { start.duration(to: clock.now) })
        for index in found.indices where found[index] == nil { engine.pool.absent(index) }
        return engine
    }

    /// Makes an engine of servers that were probed.
    /// - Parameters:
    ///   - time: Bounds waits.
    ///   - now: The time, for pauses of servers that fail.
    ///   - jitter: Gives random numbers from 0 to 1, for the waits before retries.
    init(
        _ endpoints: [RemoteEndpoint], options: RemoteEngineOptions, transport: any HTTPTransport, time: TimeLimit,
        now: @escaping @Sendable () -> Duration = { .zero },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        let first = endpoints[0]
        let tier = first.adapter.tier
        self.endpoints = endpoints
        self.options = options
        self.transport = transport
        self.jitter = jitter
        self.time = time
        pool = EndpointPool(capacities: endpoints.map(\.capacity), now: now)
        tags = first.tags
        plain = PlainText(tags: options.tags)
        description = EngineDescription(
            name: first.adapter.name, model: first.model, contextLength: endpoints.map(\.contextLength).min() ?? 0,
            tier: tier, controlTags: tier == .tokens ? Set(first.tags.keys) : tier == .text ? options.tags : [],
            masksTokens: false, stitches: false, logProbabilities: false)
    }

    /// Starts a context that holds the prompt. Nothing is sent before the first decode call, but what tokenises it.
    /// - Throws: `EngineError`, `CancellationError`.
    public func open(_ prompt: TokenText) async throws -> any EngineContext {
        let context = RemoteContext(self, transcript: Transcript(), endpoint: nil)
        try await context.extend(prompt)
        return context
    }

    /// A chat for a service that has chat only, as ``open(_:)`` takes it; what is said stays text. With an assistant's
    /// message at its end, the model's answer goes on from there, which needs tier T1.
    /// - Throws: `EngineError.unsupported` on engines that take raw prompts: those need the model's chat template.
    public func text(of messages: [Prompt.Message]) throws(EngineError) -> TokenText {
        guard description.tier < .text else {
            throw .unsupported("chat messages; it takes raw prompts, which the model's chat template makes of messages")
        }
        return TokenText(messages.flatMap { [.control($0.role.tag), .text($0.text)] })
    }

    /// A prompt in plain words: messages on a chat, plain text elsewhere. Only a chat with prefill can be told how the
    /// answer begins; for others that stands as the last line of what is asked.
    public func text(of prompt: Prompt) throws -> TokenText {
        guard description.tier < .text else { return prompt.plainText }
        var messages = prompt.messages
        if !prompt.answerBeginning.isEmpty {
            if description.tier == .chatPrefill {
                messages.append(Prompt.Message(.assistant, prompt.answerBeginning))
            } else if let last = messages.indices.last {
                messages[last].text += "\n" + prompt.answerBeginning
            }
        }
        return try text(of: messages)
    }

    /// What was done so far.
    public var statistics: RemoteEngineStatistics { counts.withLock { $0 } }

    /// How many requests each server is allowed now.
    public var concurrencyLimits: [Int] { pool.limits.map { Int($0.current) } }

    func count(_ change: (inout RemoteEngineStatistics) -> Void) {
        counts.withLock { change(&$0) }
    }

    /// Whether answers may be asked for in a form: on chats only, which are told by a tool.
    var takesForms: Bool { description.tier < .text && acceptsForms.load(ordering: .relaxed) }

    /// Notes that the service refuses forms; it is asked for none any more.
    func formsAreRefused() { acceptsForms.store(false, ordering: .relaxed) }

    // MARK: Text

    /// Text as the engine takes it.
    /// - Parameter speaker: Who says it, on engines that have chat only.
    func encode(_ text: TokenText, speaker: Prompt.Message.Role) async throws -> EncodedText {
        var encoded = EncodedText()
        if description.tier < .text { encoded.messages = [Prompt.Message(speaker, "")] }
        for piece in text.pieces {
            switch (piece, description.tier) {
            case (.text(let text), .tokens):
                encoded.tokens += try await tokens(of: text)
                encoded.text += text
            case (.text(let text), _):
                let (broken, count) = plain.broken(text)
                if count > 0 { self.count { $0.brokenTags += count } }
                encoded.text += broken
                encoded.say(broken)
            case (.control(let tag), .tokens):
                guard let id = tags[tag] else {
                    throw EngineError.unknownControlTag(tag, known: tags.keys.sorted())
                }
                encoded.tokens.append(id)
                encoded.text += tag
            case (.control(let tag), .text): encoded.text += tag
            case (.control(let tag), _):
                if let role = Prompt.Message.Role(tag: tag) {
                    encoded.messages.append(Prompt.Message(role, ""))
                } else if encoded.messages.last?.role == .assistant {
                    // A question is framed by the service's own chat template, so tags count in answers only.
                    encoded.text += tag
                    encoded.say(tag)
                }
            case (.tokens(let ids), .tokens): encoded.tokens += ids
            case (.tokens, _): throw EngineError.unsupported("token ids; it takes text only")
            }
        }
        encoded.messages.removeAll { $0.text.isEmpty }
        encoded.count = description.tier == .tokens ? encoded.tokens.count : Self.estimate(encoded.text)
        return encoded
    }

    /// The tokens of plain text, none of them a control token.
    func tokens(of text: String) async throws -> [TokenID] {
        if let vocabulary = options.vocabulary { return try await vocabulary.encode(text) }
        var tokens: [TokenID] = []
        for part in plain.parts(text) { tokens += try await self.tokens(ofPart: part) }
        return tokens
    }

    /// Asks any server, and again as for a generation when it fails.
    private func tokens(ofPart part: String) async throws -> [TokenID] {
        var retries = 0
        var failed: Int?
        while true {
            let endpoint = pool.endpointForQuestion(avoiding: failed)
            do {
                try await identify(endpoint)
                let tokens = try await time.within(options.silenceTimeout) { [self] in
                    try await Tokenization.ask(part, at: endpoints[endpoint], transport: transport) {
                        self.mayRepeat(at: endpoint)
                    }
                }
                pool.heard(from: endpoint)
                return tokens
            } catch let error where error is GenerationFailure || error is TransportError {
                let failure = (error as? TransportError).map { GenerationFailure($0) } ?? error as? GenerationFailure
                guard let failure else { throw error }
                if failure.isLoss { pool.lost(endpoint) }
                pool.unanswered(by: endpoint, RetryPolicy.outcome(of: failure))
                let action = RetryPolicy.action(
                    for: failure, retries: retries, canContinue: true, jitter: randomShare())
                guard case .retry(let pause) = action, pool.mayRetry(after: endpoint) else {
                    throw EngineError.failed("it cannot tokenise: \(message(of: failure))")
                }
                retries += 1
                failed = endpoint
                try await self.pause(pause)
            }
        }
    }

    /// A rough length where nobody counts: four bytes a token.
    private static func estimate(_ text: String) -> Int { (text.utf8.count + 3) / 4 }

    // MARK: Trouble

    /// Makes sure that a server from which nothing was heard for a while, or to which a connection broke, is what it was.
    /// - Throws: ``GenerationFailure``, `CancellationError`.
    func identify(_ endpoint: Int) async throws {
        guard let known = endpoints[endpoint].identity, !pool.isKnown(endpoint) else { return }
        let found: EngineIdentity
        do {
            found = try await time.within(options.silenceTimeout) { [self] in
                try await EngineIdentity.read(at: endpoints[endpoint], tags: options.tags, transport: transport)
            }
        } catch let error as TransportError {
            throw GenerationFailure(error)
        }
        guard found.model == known.model else {
            throw GenerationFailure(
                .replaced, "it serves '\(found.model)' now, not '\(known.model)'; start this program again")
        }
        guard found.sample == known.sample else {
            throw GenerationFailure(
                .replaced, "'\(known.model)' has another vocabulary now; start this program again")
        }
        pool.heard(from: endpoint)
    }

    /// What happened, as people are told: the key never stands in it.
    func message(of failure: GenerationFailure) -> String {
        let text = options.credential?.redact(failure.description) ?? failure.description
        return switch failure.kind {
        case .status(401), .status(403): "\(text); set OPENAI_API_KEY to a key that it takes"
        default: text
        }
    }

    /// Whether a request whose connection was lost may be sent again at once, by the server's budget of retries.
    func mayRepeat(at endpoint: Int) -> Bool {
        guard pool.mayRepeat(at: endpoint) else { return false }
        count { counts in
            counts.requests += 1
            counts.retries += 1
        }
        return true
    }

    /// Waits before a retry.
    func pause(_ duration: Duration) async throws {
        if duration > .zero { try await time.wait(duration) }
    }

    /// A random number from 0 to 1.
    func randomShare() -> Double { jitter() }

    private static func check(_ other: RemoteEndpoint, isLike first: RemoteEndpoint) throws(RemoteEngineError) {
        let difference: String? =
            if other.model != first.model {
                "they serve \(first.model) and \(other.model)"
            } else if other.adapter.name != first.adapter.name || other.adapter.tier != first.adapter.tier {
                "they are of different kinds, \(first.adapter.name) and \(other.adapter.name)"
            } else if other.tags != first.tags || other.identity != first.identity {
                "their vocabularies differ"
            } else {
                nil
            }
        if let difference {
            throw .differentEngines(first: first.url.description, other: other.url.description, what: difference)
        }
    }
}
