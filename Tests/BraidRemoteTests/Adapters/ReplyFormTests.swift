import Braid
import Foundation
import Synchronization
import Testing

@testable import BraidRemote

/// Answers in a given form, as a chat service gives them by calling a tool, in the shapes of OpenAI's documentation.
@Suite struct ReplyFormTests {
    private static let form = ReplyForm(
        name: "plan", purpose: "Says what to do.",
        fields: [
            ReplyForm.Field(
                "parts", .list(.object([ReplyForm.Field("task", .text, "What to do.")])), "The parts."),
            ReplyForm.Field("width", .integer, "How many at once."),
        ])

    private func body(_ asked: ScriptedTransport.Asked) throws -> NSDictionary {
        try #require(JSONSerialization.jsonObject(with: Data(asked.body.utf8)) as? NSDictionary)
    }

    /// The stream of a call.
    private static func call(_ arguments: [String], end: String = "stop") -> ScriptedTransport.Reply {
        func chunk(_ delta: String, _ reason: String = "null") -> String {
            #"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"#
                + #""delta":\#(delta),"logprobs":null,"finish_reason":\#(reason)}]}"#
        }
        let head =
            #"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","#
            + #""function":{"name":"plan","arguments":""}}],"refusal":null}"#
        let parts = arguments.map { part in
            let text = part.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"\#(text)"}}]}"#)
        }
        return .stream([chunk(head)] + parts + [chunk("{}", "\"\(end)\""), "[DONE]"])
    }

    private static func text(_ text: String) -> ScriptedTransport.Reply {
        .stream([
            #"{"choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":null}]}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]",
        ])
    }

    private func engine(_ transport: ScriptedTransport) throws -> RemoteEngine {
        try Servers.engine(
            { ChatAdapter(prefill: .none, address: $0) }, transport: transport, wait: Servers.endingPauses)
    }

    private func decode(_ engine: RemoteEngine) async throws -> String {
        let context = try await engine.open(asking: Prompt([Prompt.Message(.user, "what?")]))
        var text = ""
        for try await event in context.decode(DecodingOptions(stops: [], maximumTokens: 99, form: Self.form)) {
            if case .token(let token) = event { text += token.text }
        }
        return text
    }

    @Test func theFormIsAToolThatMustBeCalled() async throws {
        let transport = ScriptedTransport { _ in Self.call(["{\"width\"", ":2}"]) }
        #expect(try await decode(try engine(transport)) == "{\"width\":2}")
        let sent = try body(try #require(transport.asked().first))
        let tools: NSArray = [
            [
                "type": "function",
                "function": [
                    "name": "plan", "description": "Says what to do.", "strict": true,
                    "parameters": [
                        "type": "object",
                        "properties": [
                            "parts": [
                                "type": "array", "description": "The parts.",
                                "items": [
                                    "type": "object",
                                    "properties": ["task": ["type": "string", "description": "What to do."]],
                                    "required": ["task"], "additionalProperties": false,
                                ],
                            ],
                            "width": ["type": "integer", "description": "How many at once."],
                        ],
                        "required": ["parts", "width"], "additionalProperties": false,
                    ],
                ],
            ]
        ]
        #expect(sent["tools"] as? NSArray == tools)
        #expect(sent["tool_choice"] as? String == "required")
    }

    @Test(arguments: ["stop", "tool_calls"])
    func theArgumentsAreTheAnswer(_ end: String) async throws {
        let transport = ScriptedTransport { _ in Self.call(["{\"a", "\":\"\\\"", "\"}"], end: end) }
        #expect(try await decode(try engine(transport)) == #"{"a":"\""}"#)
        #expect(transport.openBodies == 0)
    }

    @Test func aServiceThatWritesInsteadIsRead() async throws {
        let transport = ScriptedTransport { _ in Self.text("1: add") }
        #expect(try await decode(try engine(transport)) == "1: add")
    }

    @Test(arguments: [400, 404, 422, 501])
    func aServiceThatRefusesToolsIsAskedWithoutThemFromThenOn(_ status: Int) async throws {
        let transport = ScriptedTransport { request in
            String(decoding: request.body ?? [], as: UTF8.self).contains("\"tools\"")
                ? .json(#"{"error":{"message":"this model has no tools","type":"x","code":null}}"#, status: status)
                : Self.text("fine")
        }
        let engine = try engine(transport)
        for _ in 0..<2 { #expect(try await decode(engine) == "fine") }
        #expect(try transport.asked().map { try body($0)["tools"] != nil } == [true, false, false])
        #expect(engine.statistics.retries == 0)
        #expect(engine.pool.limits[0].inFlight == 0)
    }

    @Test func whatIsRefusedAnywaySaysNothingOfTools() async throws {
        let isWrong = Mutex(true)
        let transport = ScriptedTransport { _ in
            isWrong.withLock { $0 }
                ? .json(#"{"error":{"message":"too long","type":"x","code":null}}"#, status: 400) : Self.call(["{}"])
        }
        let engine = try engine(transport)
        await #expect(throws: EngineError.self) { try await decode(engine) }
        isWrong.withLock { $0 = false }
        #expect(try await decode(engine) == "{}")
        #expect(try transport.asked().map { try body($0)["tools"] != nil } == [true, false, true])
    }

    @Test func theBeginningOfAnAnswerGoesBeforeAForm() throws {
        let address = EngineAddress(url: try EngineURL(Servers.url), model: "m", credential: nil)
        let chat = [Prompt.Message(.user, "q"), Prompt.Message(.assistant, "b")]
        let request = GenerationRequest(
            id: "1", prompt: .chat(chat, continuesLast: true), promptText: nil, sampling: .greedy, seed: 0,
            stopTokens: [], maximumTokens: 9, form: Self.form)
        let sent = try ChatAdapter(prefill: .implied, address: address).generation(request)
        #expect(!String(decoding: sent.body ?? [], as: UTF8.self).contains("tools"))
    }

    /// The whole of `adaptive-plan` on a service that plans by a call.
    @Test func aPlanComesAsACall() async throws {
        let plan =
            #"{"subtasks":[{"id":1,"task":"add 1 and 1","after":[],"difficulty":1},"#
            + #"{"id":2,"task":"double 2","after":[],"difficulty":1}],"width":2}"#
        let transport = ScriptedTransport { request in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            if body.contains("\"tools\"") { return Self.call([String(plan.prefix(40)), String(plan.dropFirst(40))]) }
            return Self.text(body.contains("Combine the results") ? "Answer: 6" : "ok\\nResult: 3")
        }
        let method = try AdaptivePlan(maximumRounds: 0)
        let outcome = try await ReasoningRun.answer(
            Question("First part: what is 1 + 1? Second part: what is twice 2? Add up both results."), by: method,
            on: try engine(transport))
        #expect(outcome.answer.text == "6")
        let asked = transport.asked().map(\.body)
        #expect(asked.count { $0.contains("\"tools\"") } == 1)
        #expect(asked.count { $0.contains("You work on one part") } == 2)
        let planning = try #require(asked.first { $0.contains("\"tools\"") })
        #expect(planning.contains(#""required":["subtasks","width"]"#))
        #expect(planning.contains(#""required":["id","task","after","difficulty"]"#))
    }

    @Test func aPlanInLinesIsNotAskedForAsACall() async throws {
        let transport = ScriptedTransport { _ in Self.text("1: add\\n2: double") }
        _ = try await ReasoningRun.answer(
            Question("What is 1 + 1? And what is twice 2?"), by: try AdaptivePlan(prompts: .compact, maximumRounds: 0),
            on: try engine(transport))
        #expect(!transport.asked().isEmpty)
        #expect(!transport.asked().contains { $0.body.contains("tools") })
    }

    @Test func enginesThatTakePromptsGetNoTools() async throws {
        let transport = ScriptedTransport { _ in
            .stream([#"{"choices":[{"index":0,"text":"x","finish_reason":"stop"}]}"#, "[DONE]"])
        }
        let engine = try Servers.engine({ CompletionsAdapter(address: $0) }, transport: transport)
        #expect(try await decode(engine) == "x")
        #expect(!transport.asked()[0].body.contains("tools"))
    }
}
