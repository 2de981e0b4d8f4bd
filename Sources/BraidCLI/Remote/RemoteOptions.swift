import ArgumentParser
import Braid
import BraidInference
import BraidModels
import BraidRemote
import Foundation

/// Which engine to ask in place of the embedded one.
struct RemoteOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An engine over HTTP in place of the embedded one: vLLM, SGLang, llama-server or OpenAI's routes. Repeat it for "
                + "several servers of one model. OPENAI_API_KEY is sent as the key.",
            valueName: "url"))
    var engine: [String] = []

    @Option(
        help: ArgumentHelp(
            "The engine's tokenizer: a built-in model's name or a folder with tokenizer.json. (default: the engine is asked)",
            valueName: "name|path"))
    var tokenizer: String?

    @Flag(help: "Use the engine's chat routes only, so that its own chat template frames the question.")
    var chat = false

    func validate() throws {
        if chat, engine.isEmpty { throw ValidationError("--chat is for --engine only") }
        if tokenizer != nil, engine.isEmpty { throw ValidationError("--tokenizer is for --engine only") }
    }

    /// Refuses options of the embedded engine beside these.
    func check(beside embedded: EngineOptions) throws {
        if isUsed, embedded.memoryLimit != nil || embedded.preallocate || embedded.quantize != .none {
            throw ValidationError(
                "--memory-limit, --preallocate and --quantize are for the embedded engine, not for --engine")
        }
    }

    /// Whether the embedded engine is not asked.
    var isUsed: Bool { !engine.isEmpty }

    /// The same with the engine of `OPENAI_BASE_URL`, if none was named and the model is none that is here.
    func resolved(
        model: String?, for method: MethodChoice,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> RemoteOptions {
        guard engine.isEmpty, let model, let url = environment["OPENAI_BASE_URL"], !url.isEmpty else { return self }
        do {
            _ = try ModelChoice(model, for: method)
            return self
        } catch {
            var resolved = self
            resolved.engine = [url]
            return resolved
        }
    }

    /// Connects to the engine, with the tokenizer that `--tokenizer` names.
    /// - Throws: `RemoteEngineError`, ``ModelError``, ``InputError/builtWithout(_:)``.
    func connect(model: String?, tags: Set<String>) async throws -> RemoteEngine {
        try await connect(model: model, tags: tags, tokenizer: try loadTokenizer())
    }

    /// Connects to the engine.
    /// - Parameters:
    ///   - model: The model to ask it for.
    ///   - tags: Control tags that methods will use.
    ///   - tokenizer: What ``loadTokenizer()`` gave.
    /// - Throws: `RemoteEngineError`, ``InputError/builtWithout(_:)``.
    func connect(
        model: String?, tags: Set<String>, tokenizer: Tokenizer?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> RemoteEngine {
        let urls = try engine.map { try EngineURL($0) }
        let options = RemoteEngineOptions(
            credential: Credential(environment["OPENAI_API_KEY"]), tags: tags,
            vocabulary: tokenizer.map { RemoteVocabulary($0) }, chatOnly: chat)
        #if Remote
            return try await RemoteEngine.connect(
                to: urls, model: model, options: options, transport: NetworkTransport())
        #else
            throw InputError.builtWithout(trait: "Remote")
        #endif
    }

    /// The engine's tokenizer, where `--tokenizer` names one.
    /// - Throws: ``ModelError``.
    func loadTokenizer() throws -> Tokenizer? {
        guard let tokenizer else { return nil }
        let folder = try ModelChoice(tokenizer, for: .adaptive).location()
        do {
            return try Tokenizer(contentsOf: folder)
        } catch {
            throw ModelError.unusable(model: tokenizer, reason: "\(error)")
        }
    }
}
