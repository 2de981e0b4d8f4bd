import Braid
import Testing

@testable import BraidRemote

/// Services that have chat alone.
@Suite struct ChatTests {
    @Test func chatServicesGetMessages() async throws {
        let transport = ScriptedTransport { _ in
            .stream(["{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"so<Go>\"},\"finish_reason\":\"stop\"}]}"])
        }
        let engine = try Servers.engine({ ChatAdapter(prefill: .none, address: $0) }, transport: transport)
        let chat = [Prompt.Message(.system, "be <Go> brief"), Prompt.Message(.user, "why?")]
        let context = try await engine.open(try engine.text(of: chat))
        #expect(try await Servers.decode(context).text == "so<Go>")
        try await context.extend(TokenText([.control("<End>"), .text("and then?")]))
        _ = try await Servers.decode(context)
        #expect(
            transport.asked()[1].body.contains(
                #""messages":[{"content":"be <\#u{200B}Go> brief","role":"system"},{"content":"why?","role":"user"},"#
                    + #"{"content":"so<Go>","role":"assistant"},{"content":"and then?","role":"user"}]"#
            ))
        await #expect(throws: EngineError.self) { try await Servers.decode(context) }
    }

    @Test func chatAnswersAreContinuedWhereThatWorks() async throws {
        let transport = ScriptedTransport { _ in
            .stream([
                "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}", VLLM.done,
            ])
        }
        let engine = try Servers.engine({ ChatAdapter(prefill: .implied, address: $0) }, transport: transport)
        let context = try await engine.open(TokenText([.control("<Go>"), .text("q")]))
        _ = try await Servers.decode(context)
        try await context.extend(TokenText([.control("<Go>"), .text("c")]))
        _ = try await Servers.decode(context)
        #expect(
            transport.asked()[1].body.contains(
                #"[{"content":"q","role":"user"},{"content":"b<Go>c","role":"assistant"}]"#))
    }

    /// Services that give text only end without a tag; every word before the end counts.
    @Test func theLastWordOfAChatAnswerCounts() async throws {
        let transport = ScriptedTransport { _ in
            .stream([
                #"{"choices":[{"index":0,"delta":{"content":"it is"},"finish_reason":null}]}"#,
                #"{"choices":[{"index":0,"delta":{"content":" 42"},"finish_reason":null}]}"#,
                #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, VLLM.done,
            ])
        }
        let engine = try Servers.engine({ ChatAdapter(prefill: .none, address: $0) }, transport: transport)
        let outcome = try await ReasoningRun.answer(
            Question("what is it?"), by: try Sequential(asking: .direct), on: engine)
        #expect(outcome.answer.text == "it is 42")
    }
}
