public import Foundation

/// A model's chat template: turns messages into the text that the model was trained to read.
///
/// Templates are written in Jinja. The part of it that chat templates use is evaluated as Jinja does, set up as
/// Transformers sets it up, within fixed limits; nothing a template says can trap, hang, or reach outside.
///
/// ```swift
/// let template = try ChatTemplate(contentsOf: folder)
/// let prompt = try template?.render([ChatMessage(.user, "Hello")])
/// ```
///
/// What a message says stays told apart from what the template says, through every operation on strings: text of a
/// message can never become a control token. What cannot be told apart, such as `tojson` of tools, is user text.
public struct ChatTemplate: Sendable {
    private let statements: [TemplateStatement]
    private let limits: ChatTemplateLimits
    /// Variables of every rendering, such as `bos_token`; their text is the template's own.
    private let tokens: [String: String]

    /// Reads a template.
    ///
    /// - Parameters:
    ///   - tokens: The model's special tokens by their names, such as `bos_token` and `eos_token`.
    /// - Throws: ``ChatTemplateError``
    /// - Complexity: O(length of the template).
    public init(
        _ source: String, tokens: [String: String] = [:], limits: ChatTemplateLimits = ChatTemplateLimits()
    ) throws(ChatTemplateError) {
        guard source.utf8.count <= limits.templateBytes else {
            throw .limitExceeded(name: "bytes", limit: limits.templateBytes)
        }
        var parser = try TemplateParser(source)
        statements = try parser.template()
        self.limits = limits
        self.tokens = tokens
    }

    /// Reads a model folder's template, or returns nil if it has none.
    ///
    /// It is `chat_template.jinja` or, in older folders, `chat_template` in `tokenizer_config.json`: a text or a list of
    /// named ones, of which `name` is taken.
    ///
    /// - Throws: ``ModelLoadingError``, ``ChatTemplateError``
    public init?(
        contentsOf folder: URL, name: String = "default", limits: ChatTemplateLimits = ChatTemplateLimits()
    ) throws {
        guard let found = try ChatTemplateFile(contentsOf: folder, name: name, limits: limits) else { return nil }
        try self.init(found.source, tokens: found.tokens, limits: limits)
    }

    /// The prompt of a conversation.
    ///
    /// - Parameters:
    ///   - tools: Descriptions of tools, as JSON schemas; not given to the template if empty.
    ///   - addsGenerationPrompt: Whether the prompt ends where an assistant's answer begins.
    ///   - variables: What else the template is to see, such as `enable_thinking`. Their text is user text.
    ///   - time: What `strftime_now` tells; without it templates cannot ask for the time.
    /// - Throws: ``ChatTemplateError``
    /// - Complexity: Bounded by the limits.
    public func render(
        _ messages: [ChatMessage], tools: [JSONValue] = [], addsGenerationPrompt: Bool = true,
        variables: [String: JSONValue] = [:], time: ChatTime? = nil
    ) throws(ChatTemplateError) -> ChatPrompt {
        var values = variables.mapValues(TemplateValue.init)
        for (name, text) in tokens { values[name] = .text(text) }
        values["messages"] = .list(messages.map(\.value))
        values["tools"] = tools.isEmpty ? .null : .list(tools.map(TemplateValue.init))
        values["add_generation_prompt"] = .bool(addsGenerationPrompt)
        var evaluator = TemplateEvaluator(values, limits: limits, time: time)
        return ChatPrompt(try evaluator.render(statements))
    }
}
