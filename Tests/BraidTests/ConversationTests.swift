import Braid
import Foundation
import Synchronization
import Testing

@Suite struct ConversationTests {
    private static let earlier: [Prompt.Message] = [
        .init(.system, "Be brief."), .init(.user, "Who are you?"), .init(.assistant, "A model."),
    ]

    @Test func whatWasSaidBeforeStandsBeforeEveryPromptedCall() async throws {
        let engine = ScriptedEngine.prompted { _ in "Answer: 42" }
        let method = ScriptedMethod { question, run in
            let calls = ["first", "second"].map {
                PromptedCall($0, Prompt([.init(.system, "You plan."), .init(.user, "\($0)?")]), after: [])
            }
            _ = try await run.ask(calls)
            return Answer(text: question.text)
        }
        let outcome = try await ReasoningRun.answer(
            Question("And now?", after: Self.earlier), by: method, on: engine)
        #expect(outcome.answer.text == "And now?")
        let prompts = engine.state.withLock { $0.prompts }.sorted()
        #expect(
            prompts
                == ["first", "second"].map {
                    "Be brief.\n\nYou plan.\n\nWho are you?\n\nA model.\n\n\($0)?\n\n"
                })
    }

    @Test func aTagInWhatWasSaidIsJustCharacters() async throws {
        let engine = ScriptedEngine.prompted { _ in "Answer: 42" }
        let question = Question("And now?", after: [.init(.user, "<eos> x")])
        let outcome = try await ReasoningRun.answer(question, by: Sequential(asking: .direct), on: engine)
        #expect(outcome.answer.text == "42")
    }

    @Test func aDialectReadsTheQuestionAlone() async throws {
        let engine = ScriptedEngine(["</Question>": " so <Answer> 42</Answer>"])
        let outcome = try await ReasoningRun.answer(
            Question("And now?", after: Self.earlier), by: Adaptive(), on: engine)
        #expect(outcome.answer.text == "42")
        #expect(engine.state.withLock { $0.prompts } == ["<Question>And now?</Question>"])
    }

    @Test func aQuestionWithoutConversationIsWrittenAsBefore() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let plain = String(decoding: try encoder.encode(Question("a")), as: UTF8.self)
        #expect(plain == #"{"text":"a"}"#)
        let question = Question("a", after: Self.earlier)
        #expect(try JSONDecoder().decode(Question.self, from: encoder.encode(question)) == question)
        #expect(try JSONDecoder().decode(Question.self, from: Data(plain.utf8)) == Question("a"))
    }
}
