import Braid

extension ScriptedEngine {
    /// An engine without control tags whose model ends each reply by itself.
    static func prompted(
        contextLength: Int = 100_000, onCall: @escaping @Sendable (Call) async -> Void = { _ in },
        script: @escaping @Sendable (String) -> Reply
    ) -> ScriptedEngine {
        ScriptedEngine(tags: ["<eos>"], ends: ["<eos>"], contextLength: contextLength, onCall: onCall) { prompt in
            var reply = script(prompt)
            if reply.error == nil, !reply.hangs { reply.text += "<eos>" }
            return reply
        }
    }
}

/// A method that is a closure.
struct ScriptedMethod: PromptedMethod {
    let name = "scripted"
    let body: @Sendable (Question, ReasoningRun) async throws -> Answer

    init(_ body: @escaping @Sendable (Question, ReasoningRun) async throws -> Answer) {
        self.body = body
    }

    func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        try await body(question, run)
    }
}
