/// How `/v1/responses` tells of a run: a reasoning item for each thread, and the message.
///
/// Events have the names and numbers that the API prescribes and no `[DONE]` at the end. A thread's item is open from its
/// first thought to its last: while one thread after the other is told, the next one closes it; while threads are told side
/// by side, their items grow side by side. A document is the same with the events left out, so both have the same items
/// and ids.
struct ResponsesFormat: RunFormat {
    /// One item of the output.
    private struct Item: Sendable {
        var id: String
        /// The thread whose thoughts it has; nil for the answer.
        var thread: String?
        var text = ""
        var status = "in_progress"

        /// What event names call what grows.
        var growth: String { thread == nil ? "response.output_text" : "response.reasoning_text" }
    }

    private let name: String
    private let created: Int
    private let request: ResponsesRequest
    private var items: [Item] = []
    /// The item that a thread's thoughts go to.
    private var openItems: [String: Int] = [:]
    /// The item that the answer goes to.
    private var message: Int?
    private var sequence = 0

    /// Creates the format for one run.
    /// - Parameter run: the run's name, of which the ids of the response and its items are made.
    init(run: String, created: Int, to request: ResponsesRequest) {
        name = String(run.drop { $0 != "_" }.dropFirst())
        self.created = created
        self.request = request
    }

    // MARK: A run

    func document(_ ending: RunEnding) -> [UInt8] {
        var whole = self
        var unsent: [UInt8] = []
        for thought in ending.thoughts { whole.reasoning(thought.text, of: thought.thread, &unsent) }
        whole.answer(ending.answer, &unsent)
        whole.closeAll(ending, &unsent)
        return whole.response(Self.status(ending), ending: ending).bytes
    }

    mutating func begin(_ stream: inout [UInt8]) {
        let response = response("in_progress")
        for name in ["response.created", "response.in_progress"] {
            event(name, &stream) { $0.add("response", response) }
        }
    }

    mutating func reasoning(_ text: String, of thread: String, _ stream: inout [UInt8]) {
        guard request.run.options.reasoning != .hidden, !text.isEmpty else { return }
        if openItems[thread] == nil {
            if request.run.options.order == .canonical { closeItems("completed", &stream) }
            openItems[thread] = items.count
            add(Item(id: "rs_\(name)_\(items.count)", thread: thread), &stream)
        }
        if let index = openItems[thread] { grow(index, by: text, &stream) }
    }

    mutating func answer(_ text: String, _ stream: inout [UInt8]) {
        guard !text.isEmpty else { return }
        grow(openMessage("completed", &stream), by: text, &stream)
    }

    mutating func end(_ ending: RunEnding, _ stream: inout [UInt8]) {
        closeAll(ending, &stream)
        let status = Self.status(ending)
        let response = response(status, ending: ending)
        event("response.\(status)", &stream) { $0.add("response", response) }
    }

    mutating func fail(_ error: OpenAIError, _ stream: inout [UInt8]) {
        closeItems("incomplete", &stream)
        if let message { close(message, "incomplete", &stream) }
        let response = response("failed", error: error)
        event("response.failed", &stream) { $0.add("response", response) }
    }

    private static func status(_ ending: RunEnding) -> String {
        ending.finish == .stop ? "completed" : "incomplete"
    }

    /// Closes the thoughts and the message, which there is even where it is empty.
    private mutating func closeAll(_ ending: RunEnding, _ stream: inout [UInt8]) {
        let status = Self.status(ending)
        let message = openMessage(status, &stream)
        closeItems(status, &stream)
        close(message, status, &stream)
    }

    /// The message's item; where there is none yet, the thoughts before it are closed with a status.
    private mutating func openMessage(_ status: String, _ stream: inout [UInt8]) -> Int {
        if let message { return message }
        closeItems(status, &stream)
        message = items.count
        add(Item(id: "msg_\(name)"), &stream)
        return items.count - 1
    }

    // MARK: Items

    private mutating func add(_ item: Item, _ stream: inout [UInt8]) {
        let index = items.count
        items.append(item)
        event("response.output_item.added", &stream) { event in
            event.add("output_index", index)
            event.add("item", Self.json(item, withContent: false))
        }
        event("response.content_part.added", &stream) { event in
            Self.place(item, index, &event)
            event.add("part", Self.part(item))
        }
    }

    private mutating func grow(_ index: Int, by text: String, _ stream: inout [UInt8]) {
        items[index].text += text
        let item = items[index]
        event("\(item.growth).delta", &stream) { event in
            Self.place(item, index, &event)
            event.add("delta", text)
            if item.thread == nil { event.add("logprobs", [JSONObject]()) }
        }
    }

    private mutating func closeItems(_ status: String, _ stream: inout [UInt8]) {
        for index in openItems.values.sorted() { close(index, status, &stream) }
        openItems = [:]
    }

    private mutating func close(_ index: Int, _ status: String, _ stream: inout [UInt8]) {
        items[index].status = status
        let item = items[index]
        event("\(item.growth).done", &stream) { event in
            Self.place(item, index, &event)
            event.add("text", item.text)
            if item.thread == nil { event.add("logprobs", [JSONObject]()) }
        }
        event("response.content_part.done", &stream) { event in
            Self.place(item, index, &event)
            event.add("part", Self.part(item))
        }
        event("response.output_item.done", &stream) { event in
            event.add("output_index", index)
            event.add("item", Self.json(item, withContent: true))
        }
    }

    private mutating func event(
        _ name: String, _ stream: inout [UInt8], _ fill: (inout JSONObject) -> Void
    ) {
        var object = JSONObject()
        object.add("type", name)
        object.add("sequence_number", sequence)
        fill(&object)
        sequence += 1
        stream += "event: \(name)\ndata: ".utf8
        stream += object.bytes
        stream += "\n\n".utf8
    }

    private static func place(_ item: Item, _ index: Int, _ event: inout JSONObject) {
        event.add("item_id", item.id)
        event.add("output_index", index)
        event.add("content_index", 0)
    }

    private static func json(_ item: Item, withContent: Bool) -> JSONObject {
        var object = JSONObject()
        object.add("id", item.id)
        if let thread = item.thread {
            object.add("type", "reasoning")
            object.add("summary", [JSONObject]())
            object.add("encrypted_content", String?.none)
            var owner = JSONObject()
            owner.add("thread", thread)
            object.add("braid", owner)
        } else {
            object.add("type", "message")
            object.add("role", "assistant")
        }
        object.add("content", withContent ? [part(item)] : [])
        object.add("status", item.status)
        return object
    }

    private static func part(_ item: Item) -> JSONObject {
        var part = JSONObject()
        part.add("type", item.thread == nil ? "output_text" : "reasoning_text")
        part.add("text", item.text)
        if item.thread == nil {
            part.add("annotations", [JSONObject]())
            part.add("logprobs", [JSONObject]())
        }
        return part
    }

    // MARK: The whole

    private func response(_ status: String, ending: RunEnding? = nil, error: OpenAIError? = nil) -> JSONObject {
        var object = JSONObject()
        object.add("id", "resp_\(name)")
        object.add("object", "response")
        object.add("created_at", created)
        object.add("status", status)
        object.add("background", false)
        object.add("error", error.map(Self.json))
        var details: JSONObject?
        if status == "incomplete" {
            details = JSONObject()
            details?.add("reason", "max_output_tokens")
        }
        object.add("incomplete_details", details)
        addRequest(to: &object)
        object.add("output", items.map { Self.json($0, withContent: true) })
        object.add("usage", ending.map { Self.usage($0.usage) })
        if let ending { object.add("braid", ending.report) }
        return object
    }

    private static func json(_ error: OpenAIError) -> JSONObject {
        var object = JSONObject()
        object.add("code", error.code ?? error.type)
        object.add("message", error.message)
        return object
    }

    /// What the API repeats of the request.
    private func addRequest(to object: inout JSONObject) {
        var reasoning = JSONObject()
        reasoning.add("effort", request.effort?.rawValue)
        reasoning.add("summary", String?.none)
        var format = JSONObject()
        format.add("type", ResponseFormat.text.rawValue)
        var text = JSONObject()
        text.add("format", format)
        var metadata = JSONObject()
        for (name, value) in request.metadata { metadata.add(name, value) }
        object.add("instructions", request.instructions)
        object.add("max_output_tokens", request.run.maximumTokens)
        object.add("model", request.run.model)
        object.add("parallel_tool_calls", true)
        object.add("previous_response_id", String?.none)
        object.add("reasoning", reasoning)
        object.add("store", false)
        object.add("temperature", request.run.temperature)
        object.add("top_p", request.run.topP)
        object.add("text", text)
        object.add("tool_choice", "auto")
        object.add("tools", [JSONObject]())
        object.add("truncation", "disabled")
        object.add("user", request.user)
        object.add("metadata", metadata)
    }

    private static func usage(_ usage: RunUsage) -> JSONObject {
        var input = JSONObject()
        input.add("cached_tokens", 0)
        var output = JSONObject()
        output.add("reasoning_tokens", usage.reasoningTokens)
        var object = JSONObject()
        object.add("input_tokens", usage.promptTokens)
        object.add("input_tokens_details", input)
        object.add("output_tokens", usage.completionTokens)
        object.add("output_tokens_details", output)
        object.add("total_tokens", usage.promptTokens + usage.completionTokens)
        return object
    }
}
