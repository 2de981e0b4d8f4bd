import Braid
import Testing

@testable import BraidGateway

/// Raw completions on an engine, as clients that were written for vLLM expect them.
struct CompletionWorkTests {
    private static func choices(
        _ fields: String, on engine: LetterEngine, maximumTokens: Int = .max
    ) async throws -> [CompletionChoice] {
        let request = try CompletionRequest(JSONDocument(Array("{\"model\":\"m\",\(fields)}".utf8)))
        var prompts: [RawPrompt] = []
        for (prompt, path) in zip(request.prompts, request.promptPaths) {
            let tokens: [TokenID] =
                switch prompt {
                case .tokens(let tokens): tokens
                case .text(let text):
                    RawPrompt.tokens(
                        of: text, tokenizer: LetterEngine.tokenizer, tags: engine.description.controlTags,
                        addsBeginning: request.addsSpecialTokens)
                }
            let raw = RawPrompt(tokens: tokens, path: path)
            try raw.check(vocabularySize: 100, contextLength: engine.description.contextLength)
            prompts.append(raw)
        }
        let work = CompletionWork(
            request: request, prompts: prompts, engine: engine, tokenizer: LetterEngine.tokenizer,
            maximumTokens: min(maximumTokens, request.maximumTokens), seed: 0)
        var choices: [Int: CompletionChoice] = [:]
        let count = try await work.perform { piece in
            if choices[piece.index] == nil { choices[piece.index] = piece } else { choices[piece.index]?.append(piece) }
        }
        #expect(engine.openContexts == 0)
        if request.returnsTokens { #expect(choices.values.reduce(0) { $0 + ($1.tokens?.count ?? 0) } == count) }
        return choices.values.sorted { $0.index < $1.index }
    }

    @Test func aPromptIsContinuedToTheModelsEnd() async throws {
        let choices = try await Self.choices(
            #""prompt":[0,1],"return_token_ids":true"#, on: .reciting("abcde"))
        #expect(
            choices == [
                CompletionChoice(
                    index: 0, text: "cde", stop: .modelEnd, tokens: [2, 3, 4, LetterEngine.end], promptTokens: [0, 1])
            ])
    }

    @Test func aLimitIsALength() async throws {
        let choices = try await Self.choices(
            #""prompt":"ab","add_special_tokens":false,"max_tokens":2"#, on: .reciting("abcde"))
        #expect(choices.map(\.text) == ["cd"])
        #expect(choices.map(\.stop) == [.limit])
        let capped = try await Self.choices(#""prompt":[0],"max_tokens":9"#, on: .reciting("abcde"), maximumTokens: 1)
        #expect(capped.map(\.text) == ["b"] && capped.map(\.stop) == [.limit])
        // The context's end, too.
        let full = try await Self.choices(#""prompt":[0],"max_tokens":100"#, on: LetterEngine { _ in 1 })
        #expect(full[0].text.count == 63 && full[0].stop == .limit)
    }

    @Test(arguments: [
        (#""skip_special_tokens":true"#, "bc"), (#""skip_special_tokens":false"#, "bc"),
        (#""skip_special_tokens":false,"include_stop_str_in_output":true"#, "bc</Thread>"),
        (#""skip_special_tokens":true,"include_stop_str_in_output":true"#, "bc"),
    ])
    func aStopTokenIsAmongTheIdsAndNotInTheText(_ fields: String, _ text: String) async throws {
        let choices = try await Self.choices(
            #""prompt":[0],"stop_token_ids":[91],"return_token_ids":true,\#(fields)"#, on: .reciting("abc</Thread>d"))
        #expect(choices[0].text == text)
        #expect(choices[0].stop == .token(91))
        #expect(choices[0].tokens == [1, 2, 91])
    }

    @Test func aLetterCanBeAStopToken() async throws {
        let choices = try await Self.choices(#""prompt":[0],"stop_token_ids":[3]"#, on: .reciting("abcde"))
        #expect(choices[0].text == "bc" && choices[0].stop == .token(3))
    }

    @Test func aStopTextMayBeATagOrLetters() async throws {
        let engine = LetterEngine.reciting("ab<Thread>cde")
        let tag = try await Self.choices(
            #""prompt":[0],"stop":"<Thread>c","skip_special_tokens":false,"include_stop_str_in_output":true"#,
            on: engine)
        #expect(tag[0].text == "b<Thread>c" && tag[0].stop == .text("<Thread>c"))
        let letters = try await Self.choices(#""prompt":[0],"stop":["d","cd"]"#, on: engine)
        #expect(letters[0].text == "b" && letters[0].stop == .text("cd"))
    }

    @Test func theEndCanBePassedOver() async throws {
        let engine = LetterEngine { ids in ids.count % 3 == 2 ? LetterEngine.end : 1 }
        let ignoring = try await Self.choices(
            #""prompt":[0],"ignore_eos":true,"max_tokens":6,"return_token_ids":true,"skip_special_tokens":false"#,
            on: engine)
        #expect(ignoring[0].tokens == [1, 99, 1, 1, 99, 1])
        #expect(ignoring[0].text == "b<end>bb<end>b" && ignoring[0].stop == .limit)
        let least = try await Self.choices(#""prompt":[0],"min_tokens":3,"return_token_ids":true"#, on: engine)
        #expect(least[0].tokens == [1, 99, 1, 1, 99] && least[0].stop == .modelEnd)
        let last = try await Self.choices(#""prompt":[0],"ignore_eos":true,"max_tokens":2"#, on: engine)
        #expect(last[0].text == "b" && last[0].stop == .limit)
    }

    @Test func severalPromptsAndAnswersAreNumbered() async throws {
        let choices = try await Self.choices(#""prompt":[[0],[0,1]],"n":2,"max_tokens":1"#, on: .reciting("abcde"))
        #expect(choices.map(\.index) == [0, 1, 2, 3])
        #expect(choices.map(\.text) == ["b", "b", "c", "c"])
    }

    @Test func aPromptIsScoredWithoutBeingContinued() async throws {
        let choices = try await Self.choices(
            #""prompt":[0,1,2],"echo":true,"max_tokens":0,"logprobs":1"#, on: .reciting("abcde"))
        let choice = try #require(choices.first)
        #expect(choice.text == "abc" && choice.stop == .limit)
        #expect(choice.scored?.map(\.value) == [nil, -0.25, -0.5])
        #expect(choice.scored?.map(\.offset) == [0, 1, 2])
        let single = try await Self.choices(#""prompt":[7],"max_tokens":0,"prompt_logprobs":0"#, on: .reciting("abc"))
        #expect(single[0].scoredPrompt?.map(\.value) == [nil])
        #expect(single[0].scored == nil && single[0].text.isEmpty)
    }

    @Test func anEchoGoesOnWithTheContinuation() async throws {
        let choices = try await Self.choices(
            #""prompt":"a<Thread>b","add_special_tokens":false,"echo":true,"max_tokens":2,"logprobs":0,"skip_special_tokens":false"#,
            on: .reciting("axbcde"))
        let choice = try #require(choices.first)
        #expect(choice.text == "a<Thread>bcd")
        #expect(choice.scored?.map(\.shown) == ["a", "<Thread>", "b", "c", "d"])
        #expect(choice.scored?.map(\.value) == [nil, -0.25, -0.5, -0.75, -1])
        #expect(choice.scored?.map(\.offset) == [0, 1, 9, 10, 11])
    }

    @Test func aTextPromptBeginsAsTheModelExpects() async throws {
        let choices = try await Self.choices(
            #""prompt":"ab","max_tokens":1,"return_token_ids":true"#, on: .reciting("zabc"))
        #expect(choices[0].promptTokens == [25, 0, 1] && choices[0].text == "c")
    }

    @Test(arguments: [
        (#""prompt":[0,100]"#, "prompt[1]"), (#""prompt":[[0],[2147483647]]"#, "prompt[1][0]"),
        (#""prompt":"123","add_special_tokens":false"#, "prompt"),
    ])
    func tokensThatTheModelLacksAreRefused(_ fields: String, _ param: String) async throws {
        await #expect {
            _ = try await Self.choices(fields, on: .reciting("abc"))
        } throws: { ($0 as? OpenAIError)?.param == param && ($0 as? OpenAIError)?.status == 400 }
    }

    @Test func aLongPromptIsRefused() async throws {
        let ids = Array(repeating: "1", count: 64).joined(separator: ",")
        await #expect {
            _ = try await Self.choices("\"prompt\":[\(ids)]", on: .reciting("abc"))
        } throws: { ($0 as? OpenAIError)?.code == "context_length_exceeded" }
    }

    @Test func contextsAreClosedWhenTheReaderFails() async throws {
        let engine = LetterEngine.reciting("abcde")
        let request = try CompletionRequest(JSONDocument(Array(#"{"model":"m","prompt":[0],"n":3}"#.utf8)))
        let work = CompletionWork(
            request: request, prompts: [RawPrompt(tokens: [0], path: "prompt")], engine: engine,
            tokenizer: LetterEngine.tokenizer, maximumTokens: 9, seed: 0)
        await #expect(throws: CancellationError.self) { _ = try await work.perform { _ in throw CancellationError() } }
        #expect(engine.openContexts == 0)
    }

    /// A client that forks and joins by itself, as ThreadWeaver's does: ids in, stop ids, text and ids out.
    @Test func aClientCanForkAndJoinByItself() async throws {
        // The main line opens two threads; each writes its letter; the joined line ends.
        let engine = LetterEngine { ids in
            switch ids.last {
            case 0: return LetterEngine.thread
            case 20: return 2
            case 21: return 3
            case 2, 3: return LetterEngine.threadEnd
            default: return LetterEngine.end
            }
        }
        let fields = #""return_token_ids":true,"skip_special_tokens":false,"add_special_tokens":false"#
        let main = try await Self.choices("\"prompt\":[0],\"stop_token_ids\":[90],\(fields)", on: engine)
        #expect(main[0].stop == .token(90))
        let prefix = [0] + (main[0].tokens ?? [])
        var joined = prefix
        for seed in [TokenID(20), 21] {
            let prompt = (prefix + [seed]).map(String.init).joined(separator: ",")
            let thread = try await Self.choices("\"prompt\":[\(prompt)],\"stop_token_ids\":[91],\(fields)", on: engine)
            #expect(thread[0].stop == .token(91))
            joined += [seed] + (thread[0].tokens ?? [])
        }
        let prompt = joined.map(String.init).joined(separator: ",")
        let end = try await Self.choices("\"prompt\":[\(prompt)],\(fields)", on: engine)
        #expect(joined == [0, 90, 20, 2, 91, 21, 3, 91])
        #expect(end[0].stop == .modelEnd)
    }
}
