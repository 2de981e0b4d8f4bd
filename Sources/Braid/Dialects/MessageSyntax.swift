/// A protocol in plain text lines by which a line spawns threads with messages and joins what they hand back.
///
/// After the APR method (arXiv 2504.15466, section 3.2; its `parallel_infernce_utils.py`): no tag is a token; a thread
/// sees its message and nothing of its parent; the parent's list of messages is taken out of its context again and
/// what the threads handed back stands in its place.
public struct MessageSyntax: Sendable, Hashable {
    /// Lines around a list of messages.
    public var list: TagPair
    /// What a message's line begins with; `{n}` stands for its number, and the message goes on to the line's end.
    public var message: String
    /// Lines around what threads handed back.
    public var joined: TagPair
    /// The line before what a thread handed back, with `{n}` and `{message}`.
    public var returned: String
    /// The line of a thread that handed nothing back, with the same places.
    public var failed: String
    /// What a thread's context begins with; `{message}` stands for its message, and `{state}` for the search state that
    /// the message names, as the parent has written it (``SearchNodes``).
    public var childPrompt: TokenText
    /// What a thread writes at the end of a line before what it hands back, and again behind it.
    public var marker: String

    /// Creates a syntax.
    public init(
        list: TagPair, message: String, joined: TagPair, returned: String, failed: String, childPrompt: TokenText,
        marker: String
    ) {
        self.list = list
        self.message = message
        self.joined = joined
        self.returned = returned
        self.failed = failed
        self.childPrompt = childPrompt
        self.marker = marker
    }

    /// What a line hands back: the text after the line with its last ``marker`` but one; nil with fewer than two.
    public func returned(in text: String) -> String? {
        guard !marker.isEmpty else { return nil }
        var starts: [String.Index] = []
        var rest = text[...]
        while let found = rest.firstRange(of: marker) {
            rest = rest[found.upperBound...]
            if rest.isEmpty || rest.first == "\n" { starts.append(found.upperBound) }
        }
        guard starts.count >= 2 else { return nil }
        let message = text[starts[starts.count - 2]...]
        return String(message.first == "\n" ? message.dropFirst() : message)
    }

    /// A list of messages as the model writes it.
    func list(_ messages: [Outline]) -> String {
        let lines = messages.map { Template.fill(message, ["n": String($0.number)]) + $0.text }
        return ([list.open] + lines + [list.close]).map { $0 + "\n" }.joined()
    }

    /// What stands in place of the list once its threads have ended.
    func joined(_ threads: [Dialect.JoinedThread]) -> String {
        let parts = threads.map { thread -> String in
            let values = ["n": String(thread.outline.number), "message": thread.outline.text]
            guard case .text(let text) = thread.returned else { return Template.fill(failed, values) + "\n" }
            return Template.fill(returned, values) + "\n" + text + (text.hasSuffix("\n") ? "" : "\n")
        }
        return joined.open + "\n" + parts.joined() + joined.close + "\n"
    }

    /// What a thread's context begins with; nil when its message names a state that the parent has not written.
    /// - Parameter text: what the parent has written.
    public func prompt(for message: Outline, from text: String) -> TokenText? {
        var values = ["message": message.text]
        if childPrompt.pieces.contains(where: {
            if case .text(let text) = $0 { text.contains("{state}") } else { false }
        }) {
            guard let state = SearchNodes(in: text).state(named: message.text) else { return nil }
            values["state"] = state
        }
        return Template.fill(childPrompt, values)
    }
}
