import Braid
import Testing

@testable import BraidGateway

/// What requests may say, and how they are refused.
struct RequestTests {
    /// The kinds of requests, with a body of each that is taken.
    enum Kind: String, CaseIterable, Sendable {
        case chat, completion, responses, tokenize, detokenize

        /// Members of a body that is taken.
        var members: String {
            switch self {
            case .chat: #""model":"m","messages":[{"role":"user","content":"q"}]"#
            case .completion: #""model":"m","prompt":[1,2]"#
            case .responses: #""model":"m","input":"q""#
            case .tokenize: #""model":"m","prompt":"q""#
            case .detokenize: #""model":"m","tokens":[1]"#
            }
        }

        /// Reads a body of this kind.
        func read(_ bytes: [UInt8]) throws(OpenAIError) {
            let document = try JSONDocument(bytes)
            switch self {
            case .chat: _ = try ChatCompletionRequest(document)
            case .completion: _ = try CompletionRequest(document)
            case .responses: _ = try ResponsesRequest(document)
            case .tokenize: _ = try TokenizeRequest(document)
            case .detokenize: _ = try DetokenizeRequest(document)
            }
        }

        /// Reads the body that is taken with these members behind its own.
        func read(adding members: String) throws(OpenAIError) {
            try read(Array("{\(self.members),\(members)}".utf8))
        }
    }

    private static func document(_ text: String) throws -> JSONDocument { try JSONDocument(Array(text.utf8)) }

    private static func failure(_ kind: Kind, _ members: String) -> OpenAIError? {
        do {
            try kind.read(adding: members)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Kind.allCases)
    func theSmallestBodyIsTaken(_ kind: Kind) throws {
        try kind.read(adding: #""unheard_of":1"#)
    }

    @Test(arguments: Kind.allCases, ["[]", "1", "null", "\"x\""])
    func aBodyIsAnObject(_ kind: Kind, _ text: String) {
        #expect {
            try kind.read(Array(text.utf8))
        } throws: { error in
            (error as? OpenAIError).map { $0.status == 400 && $0.code == "invalid_type" && $0.param == nil } ?? false
        }
    }

    @Test(
        arguments: [
            (Kind.chat, #""n":1000000000"#, "n"), (.chat, #""n":0"#, "n"), (.chat, #""n":9"#, "n"),
            (.chat, #""n":1.5"#, "n"),
            (.chat, #""n":"2""#, "n"), (.chat, #""max_tokens":0"#, "max_tokens"),
            (.chat, #""max_tokens":-1"#, "max_tokens"),
            (.chat, #""max_tokens":4611686018427387904"#, "max_tokens"),
            (.chat, #""max_completion_tokens":9223372036854775808"#, "max_completion_tokens"),
            (.chat, #""top_k":-5"#, "top_k"), (.chat, #""temperature":1e9"#, "temperature"),
            (.chat, #""temperature":"1""#, "temperature"), (.chat, #""temperature":-0.1"#, "temperature"),
            (.chat, #""top_p":0"#, "top_p"), (.chat, #""top_p":1.01"#, "top_p"), (.chat, #""min_p":2"#, "min_p"),
            (.chat, #""repetition_penalty":0"#, "repetition_penalty"), (.chat, #""seed":9223372036854775808"#, "seed"),
            (.chat, #""seed":0.5"#, "seed"), (.chat, #""stop":"""#, "stop"), (.chat, #""stop":["a",""]"#, "stop[1]"),
            (.chat, #""stop":[1]"#, "stop[0]"), (.chat, #""stop":{}"#, "stop"),
            (.chat, "\"stop\":[" + Array(repeating: "\"a\"", count: 10_000).joined(separator: ",") + "]", "stop"),
            (.chat, "\"stop\":\"" + String(repeating: "x", count: 257) + "\"", "stop"),
            (.chat, #""stream":1"#, "stream"), (.chat, #""stream_options":[]"#, "stream_options"),
            (.chat, #""stream_options":{"include_usage":"yes"}"#, "stream_options.include_usage"),
            (.chat, #""messages":[]"#, "messages"), (.chat, #""messages":{}"#, "messages"),
            (.chat, #""messages":[1]"#, "messages[0]"), (.chat, #""messages":[{"content":"q"}]"#, "messages[0].role"),
            (.chat, #""messages":[{"role":"wizard","content":"q"}]"#, "messages[0].role"),
            (.chat, #""messages":[{"role":"user"}]"#, "messages[0].content"),
            (.chat, #""messages":[{"role":"user","content":1}]"#, "messages[0].content"),
            (.chat, #""messages":[{"role":"user","content":[{"type":"text"}]}]"#, "messages[0].content[0].text"),
            (.chat, #""messages":[{"role":"system","content":"q"}]"#, "messages"), (.chat, #""model":null"#, "model"),
            (.chat, #""model":7"#, "model"), (.chat, #""top_logprobs":21"#, "top_logprobs"),
            (.chat, #""reasoning_effort":"lots""#, "reasoning_effort"),
            (.chat, #""response_format":{"type":"xml"}"#, "response_format.type"),
            (.chat, #""response_format":{"type":"json_schema"}"#, "response_format.json_schema"),
            (.chat, #""tools":{}"#, "tools"), (.chat, #""tools":[1]"#, "tools[0]"),
            (.chat, #""tool_choice":1"#, "tool_choice"), (.chat, #""frequency_penalty":3"#, "frequency_penalty"),
            (.chat, #""logit_bias":[]"#, "logit_bias"), (.chat, #""braid":1"#, "braid"),
            (.chat, #""braid":{"max_thread":3}"#, "braid.max_thread"),
            (.chat, #""braid":{"max_threads":0}"#, "braid.max_threads"),
            (.chat, #""braid":{"max_depth":17}"#, "braid.max_depth"),
            (.chat, #""braid":{"timeout_s":0}"#, "braid.timeout_s"),
            (.chat, #""braid":{"timeout_s":1e9}"#, "braid.timeout_s"),
            (.chat, #""braid":{"reasoning":"loud"}"#, "braid.reasoning"),
            (.chat, #""braid":{"steer":1}"#, "braid.steer"),
            (.chat, #""braid":{"samples":99999}"#, "braid.samples"),
            (.completion, #""prompt":[]"#, "prompt"), (.completion, #""prompt":"""#, "prompt"),
            (.completion, #""prompt":null"#, "prompt"), (.completion, #""prompt":{}"#, "prompt"),
            (.completion, #""prompt":[[]]"#, "prompt[0]"), (.completion, #""prompt":["a",""]"#, "prompt[1]"),
            (.completion, #""prompt":[1,-1]"#, "prompt[1]"), (.completion, #""prompt":[2147483648]"#, "prompt[0]"),
            (.completion, #""prompt":[9223372036854775808]"#, "prompt[0]"),
            (.completion, #""prompt":[1.5]"#, "prompt[0]"),
            (.completion, #""prompt":[1.0]"#, "prompt[0]"), (.completion, #""prompt":[1,"2"]"#, "prompt[1]"),
            (.completion, #""prompt":[[1],[2,null]]"#, "prompt[1][1]"), (.completion, #""prompt":[true]"#, "prompt[0]"),
            (.completion, "\"prompt\":[" + Array(repeating: "\"a\"", count: 65).joined(separator: ",") + "]", "prompt"),
            (.completion, #""max_tokens":0"#, "max_tokens"), (.completion, #""max_tokens":-1"#, "max_tokens"),
            (.completion, #""min_tokens":17"#, "min_tokens"), (.completion, #""logprobs":2"#, "logprobs"),
            (.completion, #""logprobs":-1"#, "logprobs"), (.completion, #""prompt_logprobs":-1"#, "prompt_logprobs"),
            (.completion, #""prompt_logprobs":0,"stream":true"#, "prompt_logprobs"),
            (.completion, #""suffix":"x""#, "suffix"), (.completion, #""best_of":2"#, "best_of"),
            (.completion, #""stop_token_ids":[-1]"#, "stop_token_ids[0]"),
            (.completion, #""stop_token_ids":"1""#, "stop_token_ids"), (.completion, #""echo":"no""#, "echo"),
            (.responses, #""input":null"#, "input"), (.responses, #""input":1"#, "input"),
            (.responses, #""input":[]"#, "input"),
            (.responses, #""input":[{"role":"user"}]"#, "input[0].content"),
            (.responses, #""input":[{"type":"item_reference","id":"x"}]"#, "input[0].type"),
            (.responses, #""previous_response_id":"resp_1""#, "previous_response_id"),
            (.responses, #""conversation":"c""#, "conversation"), (.responses, #""prompt":{"id":"p"}"#, "prompt"),
            (.responses, #""background":true"#, "background"),
            (.responses, #""max_output_tokens":0"#, "max_output_tokens"),
            (.responses, #""metadata":{"a":1}"#, "metadata.a"),
            (.responses, #""text":{"format":{"type":"x"}}"#, "text.format.type"),
            (.responses, #""reasoning":{"effort":"x"}"#, "reasoning.effort"),
            (.tokenize, #""prompt":1"#, "prompt"),
            (.tokenize, #""messages":[{"role":"user","content":"q"}]"#, "prompt"),
            (
                .tokenize, #""prompt":null,"messages":[{"role":"user","content":[{"type":"image_url"}]}]"#,
                "messages[0].content[0].type"
            ),
            (.detokenize, #""tokens":[-1]"#, "tokens[0]"), (.detokenize, #""tokens":1"#, "tokens"),
            (.detokenize, #""tokens":[2147483648]"#, "tokens[0]"), (.detokenize, #""tokens":null"#, "tokens"),
        ] as [(Kind, String, String)])
    func badValuesAreRefusedByName(_ kind: Kind, _ members: String, _ param: String) throws {
        let error = try #require(Self.failure(kind, members))
        #expect(error.status == 400)
        #expect(error.param == param)
        #expect(error.shouldRetry == false)
        #expect(error.message.utf8.count < 600)
    }

    @Test func aMillionTokensAreRead() throws {
        let ids = Array(repeating: "7", count: 1_000_000).joined(separator: ",")
        let request = try CompletionRequest(Self.document("{\"model\":\"m\",\"prompt\":[\(ids)]}"))
        guard case .tokens(let tokens) = request.prompts.first else {
            Issue.record("no tokens")
            return
        }
        #expect(tokens.count == 1_000_000)
    }

    @Test func chatFieldsAreRead() throws {
        let request = try ChatCompletionRequest(
            Self.document(
                #"""
                {"model":"m:adaptive","messages":[{"role":"developer","content":"be short"},
                 {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"x"},
                 {"role":"assistant","content":"c","reasoning_content":"d","tool_calls":[]},{"role":"user","content":"e"}],
                 "max_tokens":5,"max_completion_tokens":7.0,"n":2,"stop":"x","stream":true,
                 "stream_options":{"include_usage":true},"seed":-1,"temperature":0.5,"top_p":0.9,"top_k":-1,"min_p":0.1,
                 "repetition_penalty":1.1,"presence_penalty":0,"frequency_penalty":0.5,"user":"u","tools":[],
                 "reasoning_effort":"none","max_tokns":3,"logit_bias":{},
                 "braid":{"max_threads":4,"reasoning":"hidden","order":"interleaved","timeout_s":0.5,"cache":false}}
                """#))
        let run = request.run
        #expect(run.model == "m:adaptive")
        #expect(
            run.messages == [
                Prompt.Message(.system, "be short"), Prompt.Message(.user, "ab"), Prompt.Message(.assistant, "c"),
                Prompt.Message(.user, "e"),
            ])
        #expect(run.maximumTokens == 7)
        #expect(request.answers == 2)
        #expect(run.stops == ["x"])
        #expect(run.isStreaming && run.includesUsage && run.isPlain)
        #expect(run.seed == .max)
        #expect(run.temperature == 0.5 && run.topP == 0.9 && run.topK == 0 && run.minP == 0.1)
        #expect(run.repetitionPenalty == 1.1)
        #expect(run.ignoredFields == ["frequency_penalty", "max_tokns"])
        #expect(request.foreignField == nil)
        #expect(run.options.maximumThreads == 4 && run.options.timeout == 0.5 && !run.options.caches)
        #expect(run.options.reasoning == .hidden && run.options.order == .interleaved)
    }

    @Test(arguments: [
        (#""tools":[{"type":"function"}]"#, "tools"), (#""functions":[{}]"#, "functions"),
        (
            #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#,
            "messages[0].content[0].type"
        ),
        (#""messages":[{"role":"tool","content":"r","tool_call_id":"c"}]"#, "messages[0].role"),
        (
            #""messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{}]}]"#,
            "messages[1].tool_calls"
        ),
        (#""response_format":{"type":"json_object"}"#, "response_format"), (#""logprobs":true"#, "logprobs"),
        (#""modalities":["text","audio"]"#, "modalities[1]"), (#""audio":{}"#, "audio"),
    ])
    func whatOnlyAnUpstreamCanServeIsFound(_ members: String, _ field: String) throws {
        let text = "{\(Kind.chat.members),\(members)}"
        #expect(try ChatCompletionRequest(Self.document(text)).foreignField == field)
    }

    @Test func toolsThatAreForbiddenAskForNothing() throws {
        let text = "{\(Kind.chat.members),\"tools\":[{}],\"tool_choice\":\"none\"}"
        #expect(try ChatCompletionRequest(Self.document(text)).foreignField == nil)
    }

    @Test func completionFieldsAreRead() throws {
        let request = try CompletionRequest(
            Self.document(
                #"""
                {"model":"m","prompt":[[1,2],[3]],"echo":true,"max_tokens":0,"logprobs":1,"prompt_logprobs":0,"n":2,
                 "stop":["</a>"],"stop_token_ids":[5],"include_stop_str_in_output":true,"skip_special_tokens":false,
                 "add_special_tokens":false,"return_token_ids":true,"ignore_eos":true,"stop_tokens_ids":[6]}
                """#))
        #expect(request.prompts == [.tokens([1, 2]), .tokens([3])])
        #expect(request.promptPaths == ["prompt[0]", "prompt[1]"])
        #expect(request.maximumTokens == 0 && request.answers == 2 && request.echoes && request.ignoresEnd)
        #expect(request.logProbabilities == 1 && request.promptLogProbabilities == 0)
        #expect(request.stops == ["</a>"] && request.stopTokens == [5] && request.includesStop)
        #expect(!request.skipsSpecialTokens && !request.addsSpecialTokens && request.returnsTokens)
        #expect(request.ignored.names == ["stop_tokens_ids"])
        #expect(try CompletionRequest(Self.document(#"{"model":"m","prompt":"a"}"#)).maximumTokens == 16)
    }

    @Test func responsesFieldsAreRead() throws {
        let request = try ResponsesRequest(
            Self.document(
                #"""
                {"model":"m","instructions":"be short","max_output_tokens":9,"stream":true,"store":true,"user":"u",
                 "input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]},
                  {"type":"reasoning","id":"rs","summary":[]},
                  {"type":"message","role":"assistant","id":"msg","status":"completed",
                   "content":[{"type":"output_text","text":"b","annotations":[]}]},{"role":"user","content":"c"}],
                 "reasoning":{"effort":"none","summary":"auto"},"metadata":{"a":"b"},"tools":[],"include":[],
                 "text":{"format":{"type":"text"},"verbosity":"low"},"truncation":"auto","previous_response_id":null}
                """#))
        #expect(
            request.run.messages == [
                Prompt.Message(.system, "be short"), Prompt.Message(.user, "a"), Prompt.Message(.assistant, "b"),
                Prompt.Message(.user, "c"),
            ])
        #expect(request.run.maximumTokens == 9 && request.run.isStreaming && request.run.isPlain)
        #expect(request.metadata.map(\.name) == ["a"] && request.user == "u" && request.foreignField == nil)
        #expect(request.run.ignoredFields == ["reasoning.summary", "store"])
        let withTools = #"{"model":"m","input":"q","tools":[{"type":"function"}]}"#
        #expect(try ResponsesRequest(Self.document(withTools)).foreignField == "tools")
    }
}
