#if Gateway
    import ArgumentParser
    import Braid
    import BraidGateway
    import BraidInference
    import BraidModels
    import BraidRemote
    import Foundation

    /// What `braid serve` serves: engines with all methods that run on them.
    struct ServedModels {
        /// The method that comes first; nil for the one that suits the engine.
        let method: MethodChoice?
        /// `--model`.
        let model: String?
        /// What clients call it; nil for its own name.
        let name: String?
        /// How the embedded engine runs.
        let engine: EngineOptions
        /// Which engine is asked in its place.
        let remote: RemoteOptions

        /// Loads or connects everything.
        /// - Throws: `ModelError`, `RemoteEngineError`, `ValidationError` for a method that runs on none of it.
        func models() async throws -> [ServedModel] {
            let remote = remote.resolved(model: model, for: method ?? .adaptive)
            if remote.isUsed {
                let tags = try MethodChoice.allCases.reduce(into: Set<String>()) {
                    $0.formUnion(try MethodOptions.parse([]).tags(of: $1))
                }
                let tokenizer = try remote.loadTokenizer()
                let engine = try await remote.connect(model: model, tags: tags, tokenizer: tokenizer)
                try StandardStream.error.warn(engine.warning)
                var model = try served(engine.description.model, MethodChoice.allCases.map { ($0, engine) })
                model.tokenizer = tokenizer.map { ServedTokenizer($0) }
                model.upstream = UpstreamChat(engine)
                model.remote = engine
                return [model]
            }
            guard let model else { return [try builtIn()] }
            let choice = try ModelChoice(model, for: method ?? .adaptive)
            try StandardStream.error.warn(choice.warning)
            let engine = try choice.engine(engine.options)
            let methods = MethodChoice.allCases.filter { !choice.isBuiltIn || !$0.needsWords }
            return [try served(choice.name, methods.map { ($0, engine) })]
        }

        /// Every method that the built-in models can be asked with, each on the model that was trained for it.
        private func builtIn() throws -> ServedModel {
            var engines: [BuiltInModel: any Engine] = [:]
            var methods: [(MethodChoice, any Engine)] = []
            for method in MethodChoice.allCases where !method.needsWords {
                let model = method.builtInModel
                let engine = try engines[model] ?? ModelChoice.builtIn(model).engine(self.engine.options)
                engines[model] = engine
                methods.append((method, engine))
            }
            return try served(BuiltInModel.puzzles.name, methods)
        }

        private func served(
            _ id: String, _ candidates: [(MethodChoice, any Engine)]
        ) throws -> ServedModel {
            let id = name ?? id
            let usable = candidates.filter { Self.runs($0.0, on: $0.1) }
            let wanted = method.map { [$0] } ?? Self.preferred
            guard let first = wanted.lazy.compactMap({ choice in usable.first { $0.0 == choice } }).first else {
                let allowed = usable.map(\.0.rawValue).joined(separator: ", ")
                throw ValidationError(
                    "--method is '\(wanted.map(\.rawValue).joined(separator: ", "))'; allowed for \(id): \(allowed)")
            }
            // Raw prompts go to the engine of the first method.
            let tokenizer = (first.1 as? EmbeddedEngine)?.tokenizer
            let methods = [first] + usable.filter { $0.0 != first.0 }
            return ServedModel(
                id: id, created: Int(Date().timeIntervalSince1970), contextLength: first.1.description.contextLength,
                methods: methods.map { Self.method($0.0, on: $0.1) }, tokenizer: tokenizer.map { ServedTokenizer($0) })
        }

        /// Threads as the model decides where it was trained for that, else as a plan says.
        private static let preferred: [MethodChoice] = [.adaptive, .adaptivePlan, .sequential]

        /// Whether an engine has what a method needs.
        private static func runs(_ choice: MethodChoice, on engine: any Engine) -> Bool {
            do {
                let method = try MethodOptions.parse([]).method(choice, asking: AnswerFrame(for: engine))
                _ = try ReasoningRun("", by: method, on: engine)
                return true
            } catch {
                // It says what is missing; such a method is not offered.
                return false
            }
        }

        private static func method(_ choice: MethodChoice, on engine: any Engine) -> ServedMethod {
            let frame = AnswerFrame(for: engine)
            let asksInWords = if case .words = frame { true } else { false }
            return ServedMethod(
                name: choice.rawValue, engine: engine, temperature: choice.defaultTemperature,
                readsConversation: asksInWords && choice.asksInWords
            ) { settings in
                var options = try MethodOptions.parse([])
                options.samples = settings.samples
                options.workers = settings.workers
                try options.check(forAny: [choice])
                return try options.method(choice, asking: frame)
            }
        }
    }

    extension MethodChoice {
        /// Whether it asks in plain words where the model reads no tags.
        fileprivate var asksInWords: Bool {
            switch self {
            case .sequential, .selfConsistency, .bestOfN, .adaptivePlan: true
            default: needsWords
            }
        }
    }
#endif
