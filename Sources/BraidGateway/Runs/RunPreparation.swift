#if Gateway
    import Braid

    /// A run made of a request, ready to begin.
    struct RunPreparation: Sendable {
        /// The run.
        let live: LiveRun
        /// The served model's name.
        let model: String
        /// Names of fields that are not used.
        let ignoredFields: [String]

        /// Makes a run, within what the server allows.
        /// - Throws: `OpenAIError` of status 400 or 404, which names the field.
        init(_ request: RunRequest, on gateway: Gateway, for owner: String) throws(OpenAIError) {
            let options = request.options
            let configuration = gateway.configuration
            let name = try ModelName(request.model, method: options.method, among: gateway.models)
            guard var served = name.method else {
                throw .unsupported("requests are passed on at /v1/chat/completions only", param: "model")
            }
            // A request that wants no reasoning gets one line of thought, unless it names a method.
            if request.isPlain, options.method == nil, request.model == name.model.id,
                let plain = name.model.method(named: "sequential")
            {
                served = plain
            }
            try Self.checkLength(of: request.messages, on: name.model, served.engine.description.contextLength)
            let (question, unread) = try Self.question(request.messages, readsConversation: served.readsConversation)
            do {
                let method = try served.make(options.settings)
                let run = try ReasoningRun(
                    question, by: method, on: served.engine,
                    budget: try Self.budget(request, within: configuration.budget),
                    sampling: Self.sampling(request, served), seed: Self.seed(request, served),
                    controller: Self.controller(options, gateway, owner))
                live = LiveRun(
                    run, by: method, on: served.engine.description, model: request.model, owner: owner,
                    verify: configuration.verify, logLimit: configuration.limits.eventBytes)
            } catch {
                throw Self.fault(error, served)
            }
            model = name.model.id
            ignoredFields = request.ignoredFields + unread
        }

        /// Refuses at once what no context could hold, however few tokens it were; to tokenise megabytes takes seconds.
        private static func checkLength(
            of messages: [Prompt.Message], on model: ServedModel, _ contextLength: Int
        ) throws(OpenAIError) {
            guard let longest = model.tokenizer?.longestToken else { return }
            let length = messages.reduce(0) { $0 + $1.text.utf8.count }
            // A text gets shorter where characters are composed, by a factor of three at most.
            let (most, isVast) = contextLength.multipliedReportingOverflow(by: max(1, longest) * 4)
            guard isVast || length <= most else {
                throw .invalid(
                    "Input tokens exceed the configured limit: this model's maximum context length is \(contextLength) "
                        + "tokens, and the messages have \(length) bytes; shorten them",
                    param: "messages", code: "context_length_exceeded")
            }
        }

        /// What is asked, and names of messages that the method does not read.
        private static func question(
            _ messages: [Prompt.Message], readsConversation: Bool
        ) throws(OpenAIError) -> (Question, [String]) {
            guard let last = messages.last, last.role == .user else {
                throw .invalid("the last message is not the user's; the user asks last", param: "messages")
            }
            guard !AnswerExtractor.trimmed(last.text).isEmpty else {
                throw .invalid("the last message is empty; write a question", param: "messages")
            }
            let earlier = Array(messages.dropLast())
            if readsConversation { return (Question(last.text, after: earlier), []) }
            guard !earlier.isEmpty else { return (Question(last.text), []) }
            return (Question(last.text), ["messages[0..\(earlier.count - 1)]"])
        }

        private static func budget(_ request: RunRequest, within caps: Budget) throws -> Budget {
            let options = request.options
            try check("braid.timeout_s", options.timeout)
            try check("braid.thread_timeout_s", options.threadTimeout)
            // Numbers that make no sense are refused before the server's own take their place.
            _ = try Budget(
                maximumThreads: options.maximumThreads ?? 1, maximumDepth: options.maximumDepth ?? 0,
                tokensPerThread: options.maximumThreadTokens ?? 1, totalTokens: options.maximumTotalTokens ?? 1)
            if let tokens = request.maximumTokens, tokens < 1 {
                throw OpenAIError.invalid("max_tokens is \(tokens); allowed: 1 or more", param: "max_tokens")
            }
            return try Budget(
                maximumThreads: min(options.maximumThreads ?? .max, caps.maximumThreads),
                maximumDepth: min(options.maximumDepth ?? .max, caps.maximumDepth),
                tokensPerThread: min(options.maximumThreadTokens ?? .max, caps.tokensPerThread),
                totalTokens: min(
                    request.maximumTokens ?? .max, options.maximumTotalTokens ?? .max, caps.totalTokens),
                deadline: shorter(options.timeout, caps.deadline),
                threadTimeout: shorter(options.threadTimeout, caps.threadTimeout), spending: caps.spending)
        }

        private static func shorter(_ seconds: Double?, _ cap: Duration?) -> Duration? {
            guard let seconds else { return cap }
            return cap.map { min($0, .seconds(seconds)) } ?? .seconds(seconds)
        }

        private static func check(_ name: String, _ seconds: Double?) throws(OpenAIError) {
            guard let seconds, !(seconds > 0 && seconds <= 1_000_000) else { return }
            throw .invalid("\(name) is \(seconds); allowed: more than 0, at most 1000000", param: name)
        }

        private static func sampling(_ request: RunRequest, _ served: ServedMethod) -> SamplingParameters {
            SamplingParameters(
                temperature: request.temperature ?? served.temperature, topK: request.topK ?? 0,
                topP: request.topP ?? 1, minP: request.minP ?? 0,
                repetitionPenalty: request.repetitionPenalty ?? 1)
        }

        /// Draws differ from request to request where they are drawn at all.
        private static func seed(_ request: RunRequest, _ served: ServedMethod) -> UInt64 {
            if let seed = request.seed { return seed }
            return (request.temperature ?? served.temperature) > 0 ? UInt64.random(in: .min ... .max) : 0
        }

        private static func controller(
            _ options: RunOptions, _ gateway: Gateway, _ owner: String
        ) -> ControllerPolicy {
            var policy = options.steers ? ControllerPolicy.steering : .observing
            if options.checksJoins { policy.checks = gateway.configuration.checks }
            if options.steers, options.checksJoins { policy.retry?.coversRefuted = true }
            if options.caches { policy.cache = gateway.cache }
            policy.tenant = owner
            return policy
        }

        /// An error of the domain, with the names that requests use.
        private static func fault(_ error: any Error, _ served: ServedMethod) -> OpenAIError {
            let names = [
                "maximumThreads": "max_threads", "maximumDepth": "max_depth", "tokensPerThread": "max_thread_tokens",
                "totalTokens": "max_total_tokens", "paths": "workers", "candidates": "samples", "draft": "samples",
            ]
            switch error {
            case let error as OpenAIError: return error
            case BudgetError.outOfRange(let name, let value, let allowed):
                return outOfRange(names[name] ?? name, value, allowed)
            case RunError.invalidOption(let name, let value, let allowed):
                return outOfRange(names[name] ?? name, value, allowed)
            case let error as RunError: return .unsupported(error.description, param: "model")
            default: return .invalid("\(error)", param: "braid")
            }
        }

        private static func outOfRange(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) -> OpenAIError {
            .invalid(
                "braid.\(name) is \(value); allowed: \(allowed.lowerBound) to \(allowed.upperBound)",
                param: "braid.\(name)")
        }
    }
#endif
