/// How `/v1/chat/completions` tells of a run, or of the last of several that answer the same request.
struct ChatCompletionFormat: RunFormat {
    private let id: String
    private let created: Int
    private let model: String
    private let reasoning: RunOptions.Reasoning
    private let includesUsage: Bool
    /// How the runs before it ended; its own choice comes after theirs.
    private let earlier: [RunEnding]
    /// Whether choices follow, so that the stream goes on.
    private let isLast: Bool
    /// What every chunk begins with, up to its choices.
    private let chunkStart: [UInt8]
    private let chunkEnd: [UInt8]

    /// Creates the format for one run.
    /// - Parameters:
    ///   - run: the first run that answers the request.
    ///   - earlier: how the runs before this one ended.
    init(
        run: String, created: Int, model: String, reasoning: RunOptions.Reasoning, includesUsage: Bool,
        earlier: [RunEnding] = [], isLast: Bool = true
    ) {
        id = "chatcmpl-" + run.drop { $0 != "_" }.dropFirst()
        self.created = created
        self.model = model
        self.reasoning = reasoning
        self.includesUsage = includesUsage
        self.earlier = earlier
        self.isLast = isLast
        var start = Array("data: {\"id\":".utf8)
        JSONEscape.append(id, to: &start)
        start += ",\"object\":\"chat.completion.chunk\",\"created\":\(created),\"model\":".utf8
        JSONEscape.append(model, to: &start)
        start += ",\"choices\":[".utf8
        chunkStart = start
        chunkEnd = Array((includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    }

    func document(_ ending: RunEnding) -> [UInt8] {
        let endings = earlier + [ending]
        var document = JSONObject()
        document.add("id", id)
        document.add("object", "chat.completion")
        document.add("created", created)
        document.add("model", model)
        document.add("choices", endings.enumerated().map { choice($1, index: $0) })
        document.add("usage", Self.usage(endings).json)
        document.add("braid", Self.report(endings))
        return document.bytes
    }

    private func choice(_ ending: RunEnding, index: Int) -> JSONObject {
        var message = JSONObject()
        message.add("role", "assistant")
        message.add("content", ending.answer)
        if reasoning == .both || reasoning == .content { message.add("reasoning_content", ending.reasoning) }
        if reasoning == .both || reasoning == .plain { message.add("reasoning", ending.reasoning) }
        message.add("refusal", String?.none)
        var choice = JSONObject()
        choice.add("index", index)
        choice.add("message", message)
        choice.add("logprobs", JSONObject?.none)
        choice.add("finish_reason", ending.finish.rawValue)
        return choice
    }

    /// What all runs used; the prompt is the same for each, and counts once.
    private static func usage(_ endings: [RunEnding]) -> RunUsage {
        var usage = endings.reduce(into: RunUsage()) { $0 += $1.usage }
        usage.promptTokens = endings.first?.usage.promptTokens ?? 0
        return usage
    }

    /// The report of the only run, or those of all, in the order of the choices.
    private static func report(_ endings: [RunEnding]) -> JSONObject {
        if endings.count == 1, let ending = endings.first { return ending.report }
        var report = JSONObject()
        report.add("choices", endings.map(\.report))
        return report
    }

    mutating func begin(_ stream: inout [UInt8]) {
        chunk("{\"role\":\"assistant\",\"content\":\"\"}", finish: nil, &stream)
    }

    mutating func reasoning(_ text: String, of thread: String, _ stream: inout [UInt8]) {
        guard reasoning != .hidden, !text.isEmpty else { return }
        stream += chunkStart
        stream += "{\"index\":\(earlier.count),\"delta\":{".utf8
        if reasoning == .both || reasoning == .content {
            stream += "\"reasoning_content\":".utf8
            JSONEscape.append(text, to: &stream)
        }
        if reasoning == .both { stream.append(UInt8(ascii: ",")) }
        if reasoning == .both || reasoning == .plain {
            stream += "\"reasoning\":".utf8
            JSONEscape.append(text, to: &stream)
        }
        stream += "},\"logprobs\":null,\"finish_reason\":null}".utf8
        stream += chunkEnd
    }

    mutating func answer(_ text: String, _ stream: inout [UInt8]) {
        guard !text.isEmpty else { return }
        stream += chunkStart
        stream += "{\"index\":\(earlier.count),\"delta\":{\"content\":".utf8
        JSONEscape.append(text, to: &stream)
        stream += "},\"logprobs\":null,\"finish_reason\":null}".utf8
        stream += chunkEnd
    }

    mutating func end(_ ending: RunEnding, _ stream: inout [UInt8]) {
        guard isLast else { return chunk("{}", finish: ending.finish, &stream) }
        let endings = earlier + [ending]
        // The extension rides in the last chunk with a choice, or in the one about usage.
        if includesUsage {
            chunk("{}", finish: ending.finish, &stream)
            stream += chunkStart
            stream += "],\"usage\":".utf8
            stream += Self.usage(endings).json.bytes
        } else {
            stream += chunkStart
            stream += "{\"index\":\(earlier.count),\"delta\":{},\"logprobs\":null,".utf8
            stream += "\"finish_reason\":\"\(ending.finish.rawValue)\"}]".utf8
        }
        stream += ",\"braid\":".utf8
        stream += Self.report(endings).bytes
        stream += "}\n\ndata: [DONE]\n\n".utf8
    }

    mutating func fail(_ error: OpenAIError, _ stream: inout [UInt8]) {
        stream += "event: error\ndata: ".utf8
        stream += error.body
        stream += "\n\n".utf8
    }

    private func chunk(_ delta: String, finish: RunEnding.Finish?, _ stream: inout [UInt8]) {
        stream += chunkStart
        stream += "{\"index\":\(earlier.count),\"delta\":\(delta),\"logprobs\":null,\"finish_reason\":".utf8
        stream += (finish.map { "\"\($0.rawValue)\"" } ?? "null").utf8
        stream.append(UInt8(ascii: "}"))
        stream += chunkEnd
    }
}
