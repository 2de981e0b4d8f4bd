import Braid
import Testing

@testable import BraidGateway

/// The events that clients of each route read, to the letter.
struct FormatTests {
    private static func document(_ text: String) throws -> JSONDocument { try JSONDocument(Array(text.utf8)) }

    private static func ending(_ answer: String, finish: RunEnding.Finish = .stop) -> RunEnding {
        let segments = [(Segment.Origin.prompt, 4), (.model, 9)].map { origin, count in
            ReasoningThread.Step.segment(Segment(origin: origin, text: "", tokenCount: count, start: 0, end: 0))
        }
        let trajectory = Trajectory(
            question: "q", dialect: "d", method: "m", model: "m", engine: "e", seed: 0,
            root: ReasoningThread(id: "0", steps: segments))
        var report = JSONObject()
        report.add("trajectory_id", "run_7")
        return RunEnding(
            id: "run_7", model: "m", created: 5, answer: answer,
            thoughts: [("0", "split"), ("0.1", "one"), ("0.2", "two"), ("0", "joined")].map { thread, text in
                RunEnding.Thought(thread: thread, text: text)
            }, finish: finish,
            usage: RunUsage(trajectory, answerTokens: 2), report: report)
    }

    /// The events of a stream: name, and data without what the test is not about.
    private static func events(_ stream: [UInt8]) -> [(name: String, data: String)] {
        String(decoding: stream, as: UTF8.self).split(separator: "\n\n").map { event in
            let lines = event.split(separator: "\n")
            return (String(lines[0].dropFirst("event: ".count)), String(lines[1].dropFirst("data: ".count)))
        }
    }

    private static func responses(_ members: String = "") throws -> ResponsesFormat {
        ResponsesFormat(
            run: "run_7", created: 5, to: try ResponsesRequest(document("{\"model\":\"m\",\"input\":\"q\"\(members)}")))
    }

    private static let head =
        #""id":"resp_7","object":"response","created_at":5,"status":"#
    private static let middle =
        #""instructions":null,"max_output_tokens":null,"model":"m","parallel_tool_calls":true,"#
        + #""previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"#
        + #""top_p":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"truncation":"disabled","#
        + #""user":null,"metadata":{},"#

    @Test func responsesAreStreamedInOrder() throws {
        var format = try Self.responses()
        var stream: [UInt8] = []
        format.begin(&stream)
        format.reasoning("a", of: "0", &stream)
        format.reasoning("b", of: "0.1", &stream)
        format.reasoning("\"c\"\n", of: "0.1", &stream)
        format.answer("", &stream)
        for piece in ["4", "2"] { format.answer(piece, &stream) }
        format.end(Self.ending("42"), &stream)
        let events = Self.events(stream)
        let began =
            "{\(Self.head)\"in_progress\",\"background\":false,\"error\":null,\"incomplete_details\":null,"
            + "\(Self.middle)\"output\":[],\"usage\":null}"
        func reasoning(_ index: Int, _ thread: String, _ content: String, _ status: String) -> String {
            #"{"id":"rs_7_\#(index)","type":"reasoning","summary":[],"encrypted_content":null,"#
                + #""braid":{"thread":"\#(thread)"},"content":[\#(content)],"status":"\#(status)"}"#
        }
        func thought(_ text: String) -> String { #"{"type":"reasoning_text","text":"\#(text)"}"# }
        func message(_ content: String, _ status: String) -> String {
            #"{"id":"msg_7","type":"message","role":"assistant","content":[\#(content)],"status":"\#(status)"}"#
        }
        func said(_ text: String) -> String {
            #"{"type":"output_text","text":"\#(text)","annotations":[],"logprobs":[]}"#
        }
        func at(_ id: String, _ index: Int) -> String {
            #""item_id":"\#(id)","output_index":\#(index),"content_index":0"#
        }
        let c = #"b\"c\"\n"#
        let output = [
            reasoning(0, "0", thought("a"), "completed"), reasoning(1, "0.1", thought(c), "completed"),
            message(said("42"), "completed"),
        ]
        let done =
            "{\(Self.head)\"completed\",\"background\":false,\"error\":null,\"incomplete_details\":null,"
            + "\(Self.middle)\"output\":[\(output.joined(separator: ","))],"
            + #""usage":{"input_tokens":4,"input_tokens_details":{"cached_tokens":0},"output_tokens":9,"#
            + #""output_tokens_details":{"reasoning_tokens":7},"total_tokens":13},"braid":{"trajectory_id":"run_7"}}"#
        let expected: [(String, String)] = [
            ("response.created", "\"response\":\(began)"), ("response.in_progress", "\"response\":\(began)"),
            ("response.output_item.added", "\"output_index\":0,\"item\":\(reasoning(0, "0", "", "in_progress"))"),
            ("response.content_part.added", "\(at("rs_7_0", 0)),\"part\":\(thought(""))"),
            ("response.reasoning_text.delta", "\(at("rs_7_0", 0)),\"delta\":\"a\""),
            ("response.reasoning_text.done", "\(at("rs_7_0", 0)),\"text\":\"a\""),
            ("response.content_part.done", "\(at("rs_7_0", 0)),\"part\":\(thought("a"))"),
            ("response.output_item.done", "\"output_index\":0,\"item\":\(output[0])"),
            ("response.output_item.added", "\"output_index\":1,\"item\":\(reasoning(1, "0.1", "", "in_progress"))"),
            ("response.content_part.added", "\(at("rs_7_1", 1)),\"part\":\(thought(""))"),
            ("response.reasoning_text.delta", "\(at("rs_7_1", 1)),\"delta\":\"b\""),
            ("response.reasoning_text.delta", "\(at("rs_7_1", 1)),\"delta\":\"\\\"c\\\"\\n\""),
            ("response.reasoning_text.done", "\(at("rs_7_1", 1)),\"text\":\"\(c)\""),
            ("response.content_part.done", "\(at("rs_7_1", 1)),\"part\":\(thought(c))"),
            ("response.output_item.done", "\"output_index\":1,\"item\":\(output[1])"),
            ("response.output_item.added", "\"output_index\":2,\"item\":\(message("", "in_progress"))"),
            ("response.content_part.added", "\(at("msg_7", 2)),\"part\":\(said(""))"),
            ("response.output_text.delta", "\(at("msg_7", 2)),\"delta\":\"4\",\"logprobs\":[]"),
            ("response.output_text.delta", "\(at("msg_7", 2)),\"delta\":\"2\",\"logprobs\":[]"),
            ("response.output_text.done", "\(at("msg_7", 2)),\"text\":\"42\",\"logprobs\":[]"),
            ("response.content_part.done", "\(at("msg_7", 2)),\"part\":\(said("42"))"),
            ("response.output_item.done", "\"output_index\":2,\"item\":\(output[2])"),
            ("response.completed", "\"response\":\(done)"),
        ]
        #expect(events.count == expected.count)
        for (number, (event, wanted)) in zip(events, expected).enumerated() {
            #expect(event.name == wanted.0)
            #expect(event.data == "{\"type\":\"\(wanted.0)\",\"sequence_number\":\(number),\(wanted.1)}")
        }
    }

    @Test func aDocumentHasTheItemsOfTheStream() throws {
        var format = try Self.responses()
        let ending = Self.ending("42", finish: .length)
        let document = format.document(ending)
        var stream: [UInt8] = []
        format.begin(&stream)
        for thought in ending.thoughts { format.reasoning(thought.text, of: thought.thread, &stream) }
        format.answer(ending.answer, &stream)
        format.end(ending, &stream)
        let last = try #require(Self.events(stream).last)
        #expect(last.name == "response.incomplete")
        #expect(last.data.hasSuffix("\"response\":\(String(decoding: document, as: UTF8.self))}"))
        #expect(
            String(decoding: document, as: UTF8.self).contains(#""incomplete_details":{"reason":"max_output_tokens"}"#))
    }

    @Test func threadsSideBySideAreItemsSideBySide() throws {
        var format = try Self.responses(#","braid":{"order":"interleaved"}"#)
        var stream: [UInt8] = []
        for thread in ["0.1", "0.2", "0.1", "0.2"] { format.reasoning("x", of: thread, &stream) }
        format.fail(.cancelled, &stream)
        let events = Self.events(stream)
        #expect(events.map(\.name).filter { $0.hasSuffix("added") }.count == 4)
        #expect(events.last?.name == "response.failed")
        #expect(events.last?.data.contains(#""error":{"code":"run_cancelled""#) == true)
        let items = events.filter { $0.name == "response.output_item.done" }.map(\.data)
        #expect(items.count == 2)
        #expect(items.allSatisfy { $0.contains(#""text":"xx"}],"status":"incomplete""#) })
    }

    @Test func hiddenThoughtsAreNowhere() throws {
        var format = try Self.responses(#","braid":{"reasoning":"hidden"}"#)
        var stream: [UInt8] = []
        format.reasoning("secret", of: "0", &stream)
        #expect(stream.isEmpty)
        #expect(!String(decoding: format.document(Self.ending("42")), as: UTF8.self).contains("split"))
    }

    @Test func completionsAreStreamedAsVLLMDoes() throws {
        let format = CompletionFormat(id: "cmpl-1", created: 5, model: "m", includesUsage: true)
        var stream: [UInt8] = []
        let token = ScoredToken(id: 9, shown: "a", value: -0.5, offset: 0)
        format.chunk(
            CompletionChoice(
                index: 0, text: "a", scored: [token], showsAlternatives: true, tokens: [9], promptTokens: [1, 2]),
            &stream)
        format.chunk(CompletionChoice(index: 1, text: "", stop: .token(3)), &stream)
        format.chunk(CompletionChoice(index: 0, text: "", stop: .text("</x>")), &stream)
        format.chunk(CompletionChoice(index: 2, text: "", stop: .modelEnd), &stream)
        format.end(promptTokens: 2, completionTokens: 3, &stream)
        func line(_ choice: String) -> String {
            #"data: {"id":"cmpl-1","object":"text_completion","created":5,"model":"m","choices":[\#(choice)],"#
        }
        let expected = [
            line(
                #"{"index":0,"text":"a","logprobs":{"text_offset":[0],"token_logprobs":[-0.5],"tokens":["a"],"#
                    + #""top_logprobs":[{"a":-0.5}]},"finish_reason":null,"stop_reason":null,"token_ids":[9],"#
                    + #""prompt_token_ids":[1,2]}"#) + #""usage":null}"#,
            line(#"{"index":1,"text":"","logprobs":null,"finish_reason":"stop","stop_reason":3}"#) + #""usage":null}"#,
            line(#"{"index":0,"text":"","logprobs":null,"finish_reason":"stop","stop_reason":"</x>"}"#)
                + #""usage":null}"#,
            line(#"{"index":2,"text":"","logprobs":null,"finish_reason":"stop","stop_reason":null}"#)
                + #""usage":null}"#,
            line("") + #""usage":{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}}"#, "data: [DONE]",
        ]
        #expect(String(decoding: stream, as: UTF8.self) == expected.map { $0 + "\n\n" }.joined())
    }

    @Test func promptsAreScoredAsVLLMDoes() {
        let tokens = [
            ScoredToken(id: 1, shown: "a", value: nil, offset: 0),
            ScoredToken(id: 2, shown: "b", value: -.infinity, offset: 1),
        ]
        let choice = CompletionChoice(index: 0, text: "ab", scored: tokens, stop: .limit, scoredPrompt: tokens)
        #expect(
            String(decoding: choice.json.bytes, as: UTF8.self)
                == #"{"index":0,"text":"ab","logprobs":{"text_offset":[0,1],"token_logprobs":[null,-9999.0],"#
                + #""tokens":["a","b"],"top_logprobs":[null,null]},"finish_reason":"length","stop_reason":null,"#
                + #""prompt_logprobs":[null,{"2":{"logprob":-9999.0,"rank":null,"decoded_token":"b"}}]}"#)
    }

    @Test func tokensAreListedAsVLLMDoes() {
        #expect(
            String(decoding: TokenizeFormat.tokens([1, 2], contextLength: 9, texts: nil), as: UTF8.self)
                == #"{"count":2,"max_model_len":9,"tokens":[1,2],"token_strs":null}"#)
        #expect(
            String(decoding: TokenizeFormat.tokens([1], contextLength: 9, texts: ["\"a"]), as: UTF8.self)
                == #"{"count":1,"max_model_len":9,"tokens":[1],"token_strs":["\"a"]}"#)
        #expect(String(decoding: TokenizeFormat.text("a\n"), as: UTF8.self) == #"{"prompt":"a\n"}"#)
    }
}
