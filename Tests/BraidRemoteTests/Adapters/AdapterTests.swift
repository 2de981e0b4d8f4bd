import Braid
import Foundation
import Testing

@testable import BraidRemote

/// What each adapter sends and how it reads what comes back, from the engines' documented shapes.
@Suite struct AdapterTests {
    private let address: EngineAddress

    init() throws {
        address = EngineAddress(url: try EngineURL(Servers.url), model: "m", credential: nil)
    }

    private func request(
        _ prompt: GenerationRequest.Prompt, sampling: SamplingParameters = .greedy
    ) -> GenerationRequest {
        GenerationRequest(
            id: "0123", prompt: prompt, promptText: nil, sampling: sampling, seed: 7, stopTokens: [101],
            maximumTokens: 9)
    }

    private func body(_ request: HTTPRequest) throws -> NSDictionary {
        try #require(JSONSerialization.jsonObject(with: Data(request.body ?? [])) as? NSDictionary)
    }

    /// Every event of a stream, and what its end throws.
    private func read(_ reader: any GenerationReader, _ events: [String]) throws -> [GenerationEvent] {
        var reader = reader
        var read: [GenerationEvent] = []
        for event in events { read += try reader.read(ServerSentEvent(data: Array(event.utf8))) }
        return try read + reader.finish()
    }

    // MARK: Requests

    @Test func vLLMGetsEveryParameter() throws {
        let sent = try VLLMAdapter(tier: .tokens, address: address).generation(request(.tokens([1, 2])))
        #expect(sent.url == "http://127.0.0.1:9/v1/completions")
        let expected: NSDictionary = [
            "model": "m", "prompt": [1, 2], "max_tokens": 9, "temperature": 0, "top_p": 1, "top_k": -1, "min_p": 0,
            "repetition_penalty": 1, "presence_penalty": 0, "frequency_penalty": 0, "seed": 3,
            "stop_token_ids": [101], "include_stop_str_in_output": true, "skip_special_tokens": false,
            "spaces_between_special_tokens": false, "add_special_tokens": false, "return_token_ids": true,
            "stream": true, "stream_options": ["include_usage": true], "request_id": "0123",
        ]
        #expect(try body(sent) == expected)
    }

    @Test func sglangGetsEveryParameter() throws {
        let adapter = SGLangAdapter(tier: .tokens, address: address)
        let sent = try adapter.generation(request(.tokens([1, 2])))
        #expect(sent.url == "http://127.0.0.1:9/generate")
        let expected: NSDictionary = [
            "input_ids": [1, 2], "rid": "0123", "stream": true, "return_logprob": false,
            "sampling_params": [
                "max_new_tokens": 9, "temperature": 0, "top_p": 1, "top_k": -1, "min_p": 0, "repetition_penalty": 1,
                "presence_penalty": 0, "frequency_penalty": 0, "sampling_seed": 3, "stop_token_ids": [101],
                "no_stop_trim": true, "skip_special_tokens": false, "spaces_between_special_tokens": false,
                "ignore_eos": false, "n": 1,
            ] as NSDictionary,
        ]
        #expect(try body(sent) == expected)
        #expect(try body(#require(adapter.abort("0123"))) == ["rid": "0123"])
    }

    @Test func llamaServerGetsEveryParameter() throws {
        let adapter = LlamaServerAdapter(tier: .tokens, contextLength: 64, address: address)
        let sent = try adapter.generation(request(.tokens([1, 2])))
        #expect(sent.url == "http://127.0.0.1:9/completion")
        let expected: NSDictionary = [
            "prompt": [1, 2], "n_predict": 9, "t_max_predict_ms": 600_000, "temperature": 0, "top_k": 0, "top_p": 1,
            "min_p": 0, "typical_p": 1, "repeat_penalty": 1, "repeat_last_n": 64, "presence_penalty": 0,
            "frequency_penalty": 0, "seed": 7, "stop": [String](), "stream": true, "cache_prompt": true,
            "return_tokens": true,
        ]
        #expect(try body(sent) == expected)
        #expect(try body(adapter.prefill(request(.tokens([1]))))["n_predict"] as? Int == 0)
    }

    @Test func openAIRefusesWhatItHasNoFieldFor() throws {
        let adapter = CompletionsAdapter(address: address)
        #expect(try body(adapter.generation(request(.text("a"))))["top_k"] == nil)
        #expect(throws: EngineError.self) {
            try adapter.generation(request(.text("a"), sampling: SamplingParameters(topK: 5)))
        }
    }

    @Test(arguments: [ChatAdapter.Prefill.flag, .implied, .marked])
    func chatContinuesAnAnswer(_ prefill: ChatAdapter.Prefill) throws {
        let adapter = ChatAdapter(prefill: prefill, address: address)
        let chat = [Prompt.Message(.user, "q"), Prompt.Message(.assistant, "b")]
        let sent = try body(adapter.generation(request(.chat(chat, continuesLast: true))))
        #expect(sent["continue_final_message"] as? Bool == (prefill == .flag ? true : nil))
        #expect(sent["add_generation_prompt"] as? Bool == (prefill == .flag ? false : nil))
        let last = try #require((sent["messages"] as? [NSDictionary])?.last)
        #expect(last["prefix"] as? Bool == (prefill == .marked ? true : nil))
        #expect(throws: EngineError.self) {
            try ChatAdapter(prefill: .none, address: address).generation(request(.chat(chat, continuesLast: true)))
        }
    }

    @Test func theKeyIsSentAndNeverShown() throws {
        let credential = try #require(Credential("sk-secret"))
        let address = EngineAddress(url: try EngineURL(Servers.url), model: "m", credential: credential)
        #expect(address.get("/v1/models").headers["authorization"] == "Bearer sk-secret")
        #expect(!"\(credential) \(String(reflecting: credential)) \(address)".contains("secret"))
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!dumped.contains("secret"))
        #expect(credential.redact("key sk-secret is wrong") == "key [key] is wrong")
    }

    // MARK: Streams

    private static func vLLM(_ text: String, _ ids: [Int], _ rest: String = "\"finish_reason\":null") -> String {
        "{\"id\":\"c\",\"choices\":[{\"index\":0,\"text\":\"\(text)\",\"token_ids\":\(ids),\(rest)}]}"
    }

    @Test func vLLMStopsByToken() throws {
        let read = try read(
            CompletionStreamReader(asksForTokens: true, needsDone: true),
            [
                Self.vLLM("a", [1]),
                Self.vLLM("</Go>", [101], "\"finish_reason\":\"stop\",\"stop_reason\":101"),
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":16}}}", "[DONE]", "[DONE]",
            ])
        #expect(
            read == [
                .chunk(text: "a", tokens: [1]), .chunk(text: "</Go>", tokens: [101]),
                .usage(GenerationUsage(promptTokens: 20, cachedTokens: 16, completionTokens: 2)), .end(.stopToken(101)),
            ])
    }

    @Test(arguments: [
        ("\"finish_reason\":\"stop\",\"stop_reason\":null", GenerationEnd.endOfText),
        ("\"finish_reason\":\"stop\",\"stop_reason\":\"</Go>\"", .stopText("</Go>")),
        ("\"finish_reason\":\"stop\",\"matched_stop\":5", .stopToken(5)),
        ("\"finish_reason\":\"length\"", .length),
    ])
    func tellsTheEndsApart(_ json: String, end: GenerationEnd) throws {
        let read = try read(
            CompletionStreamReader(asksForTokens: true, needsDone: true), [Self.vLLM("a", [1], json), "[DONE]"])
        #expect(read.last == .end(end))
    }

    @Test(arguments: ["abort", "error", "content_filter", "something_new"])
    func neverTakesAnUnknownReasonForAStop(_ reason: String) {
        #expect(throws: GenerationFailure.self) {
            try read(
                CompletionStreamReader(asksForTokens: true, needsDone: true),
                [Self.vLLM("a", [1], "\"finish_reason\":\"\(reason)\""), "[DONE]"])
        }
    }

    @Test func anErrorBeforeDoneIsAnError() {
        #expect(throws: GenerationFailure(.inBand, "engine died", code: "InternalServerError")) {
            try read(
                CompletionStreamReader(asksForTokens: true, needsDone: true),
                [
                    Self.vLLM("a", [1]),
                    "{\"error\":{\"message\":\"engine died\",\"type\":\"InternalServerError\",\"param\":null,"
                        + "\"code\":500}}",
                    "[DONE]",
                ])
        }
    }

    @Test(arguments: [
        [vLLM("a", [1])], [vLLM("a", [1]), "[DONE]"], [vLLM("a", [1], "\"finish_reason\":\"stop\"")], [],
    ])
    func aStreamWithoutItsEndIsTruncated(_ events: [String]) throws {
        let error = #expect(throws: GenerationFailure.self) {
            try read(CompletionStreamReader(asksForTokens: true, needsDone: true), events)
        }
        #expect(error?.kind == .truncated)
    }

    @Test func serversWithoutDoneEndWithTheirFinishReason() throws {
        let reader = CompletionStreamReader(asksForTokens: false, needsDone: false)
        #expect(try read(reader, [Self.vLLM("a", [], "\"finish_reason\":\"stop\"")]).last == .end(.endOfText))
        #expect(throws: GenerationFailure.self) { try read(reader, [Self.vLLM("a", [])]) }
        let chat = "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}"
        #expect(try read(ChatStreamReader(), [chat]) == [.end(.length)])
        #expect(throws: GenerationFailure.self) { try read(ChatStreamReader(), []) }
    }

    @Test func ignoresOtherChoicesAndEmptyChunks() throws {
        let read = try read(
            CompletionStreamReader(asksForTokens: true, needsDone: true),
            [
                "{\"choices\":null}", "{\"choices\":[{\"index\":1,\"text\":\"x\",\"finish_reason\":\"stop\"}]}",
                Self.vLLM("a", [1], "\"finish_reason\":\"length\""), Self.vLLM("late", [9]), "[DONE]",
            ])
        #expect(read == [.chunk(text: "a", tokens: [1]), .end(.length)])
    }

    @Test func dropsAPromptThatLeaksIntoTheFirstText() throws {
        let prompt = "a prompt that ends inside a character"
        let reader = CompletionStreamReader(promptText: prompt, asksForTokens: true, needsDone: true)
        let read = try read(reader, [Self.vLLM(prompt + "x", [1], "\"finish_reason\":\"length\""), "[DONE]"])
        #expect(read.first == .chunk(text: "x", tokens: [1]))
    }

    private static func sglang(_ text: String, _ ids: [Int], total: Int, _ reason: String = "null") -> String {
        "{\"text\":\"\(text)\",\"output_ids\":\(ids),\"meta_info\":{\"id\":\"r\",\"finish_reason\":\(reason),"
            + "\"prompt_tokens\":4,\"completion_tokens\":\(total),\"cached_tokens\":3}}"
    }

    @Test func sglangRepeatsOrIncrements() throws {
        let stop = "{\"type\":\"stop\",\"matched\":101}"
        let end: [GenerationEvent] = [
            .usage(GenerationUsage(promptTokens: 4, cachedTokens: 3, completionTokens: 3)), .end(.stopToken(101)),
        ]
        let expected: [GenerationEvent] =
            [.chunk(text: "a", tokens: [1]), .chunk(text: "a", tokens: [1]), .chunk(text: "</Go>", tokens: [101])] + end
        let repeated = try read(
            SGLangStreamReader(asksForTokens: true),
            [
                Self.sglang("a", [1], total: 1), Self.sglang("aa", [1, 1], total: 2),
                Self.sglang("aa</Go>", [1, 1, 101], total: 3, stop), "[DONE]",
            ])
        #expect(repeated == expected)
        let incremental = try read(
            SGLangStreamReader(asksForTokens: true),
            [
                Self.sglang("a", [1], total: 1), Self.sglang("a", [1], total: 2),
                Self.sglang("</Go>", [101], total: 3, stop), "[DONE]",
            ])
        #expect(incremental == expected)
    }

    @Test func sglangAbortsAndFlatErrorsAreErrors() {
        for event in [
            Self.sglang("a", [1], total: 1, "{\"type\":\"abort\",\"message\":\"gone\"}"),
            "{\"object\":\"error\",\"message\":\"bad\",\"type\":\"BadRequest\",\"code\":400}",
            "{\"error\":{\"message\":\"out of memory\"}}",
        ] {
            let error = #expect(throws: GenerationFailure.self) {
                try read(SGLangStreamReader(asksForTokens: true), [event, "[DONE]"])
            }
            #expect([.inBand, .malformed].contains(error?.kind))
        }
    }

    private static func llama(_ text: String, _ ids: [Int], count: Int, _ rest: String = "\"stop\":false") -> String {
        "{\"index\":0,\"content\":\"\(text)\",\"tokens\":\(ids),\"tokens_predicted\":\(count),\"tokens_evaluated\":5,\(rest)}"
    }

    @Test func llamaServerGivesControlTokensWithoutText() throws {
        let read = try read(
            LlamaServerStreamReader(asksForTokens: true),
            [
                Self.llama("a", [1], count: 1), Self.llama("", [101], count: 2),
                Self.llama("", [], count: 2, "\"stop\":true,\"stop_type\":\"eos\",\"timings\":{\"cache_n\":4}"),
            ])
        #expect(
            read == [
                .chunk(text: "a", tokens: [1]), .chunk(text: "", tokens: [101]),
                .usage(GenerationUsage(promptTokens: 5, cachedTokens: 4, completionTokens: 2)), .end(.endOfText),
            ])
    }

    @Test func llamaServerHidesTheTokensInsideACharacter() throws {
        let read = try read(
            LlamaServerStreamReader(asksForTokens: true),
            [
                Self.llama("a", [1], count: 1), Self.llama("🙂", [9], count: 4), Self.llama("b", [2], count: 5),
                Self.llama("", [], count: 5, "\"stop\":true,\"stop_type\":\"limit\""),
            ])
        #expect(read[1] == .chunk(text: "🙂", tokens: nil))
        #expect(read[2] == .chunk(text: "b", tokens: [2]))
        #expect(read.last == .end(.length))
    }

    @Test func aStreamOfLlamaServerEndsWithItsLastEvent() {
        let error = #expect(throws: GenerationFailure.self) {
            try read(LlamaServerStreamReader(asksForTokens: true), [Self.llama("a", [1], count: 1)])
        }
        #expect(error?.kind == .truncated)
    }

    @Test func chatLeavesReasoningOut() throws {
        let read = try read(
            ChatStreamReader(),
            [
                "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}", "[DONE]",
            ])
        #expect(read == [.chunk(text: "yes", tokens: nil), .end(.endOfText)])
    }

    // MARK: Addresses and hints

    @Test func readsAddresses() throws {
        for text in ["http://h:8000", "http://h:8000/", "http://h:8000/v1", "http://h:8000/v1/"] {
            #expect(try EngineURL(text).route("/v1/models") == "http://h:8000/v1/models")
        }
        #expect(try EngineURL("https://h/api/v1").root == "https://h/api")
        for text in ["", "h:8000", "ftp://h", "file:///etc/passwd", "http://", "http://h?x=1", "http://u:secret@h/v1"] {
            let error = #expect(throws: RemoteEngineError.self) { try EngineURL(text) }
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test func readsHowLongToWait() {
        let now = Date(timeIntervalSince1970: 784_111_700)
        #expect(RetryHint.wait(["retry-after": "3"], now: now) == .seconds(3))
        #expect(RetryHint.wait(["retry-after": "3", "retry-after-ms": "250"], now: now) == .seconds(0.25))
        #expect(RetryHint.wait(["retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"], now: now) == .seconds(77))
        for text in ["soon", "-1", "nan", "1e300", ""] {
            #expect(RetryHint.wait(["retry-after": text], now: now) == nil)
        }
    }
}
