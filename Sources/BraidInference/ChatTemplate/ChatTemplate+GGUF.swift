internal import Foundation

extension ChatTemplate {
    /// Reads a GGUF file's template, or returns nil if it has none.
    ///
    /// - Throws: ``ModelLoadingError``, ``ChatTemplateError``
    init?(_ gguf: GGUFFile, name: String = "default", limits: ChatTemplateLimits = ChatTemplateLimits()) throws {
        let key = "tokenizer.chat_template" + (name == "default" ? "" : "." + name)
        guard let source = try gguf.string(key) else { return nil }
        let vocabulary = try gguf.strings("tokenizer.ggml.tokens") ?? []
        var tokens: [String: String] = [:]
        let names = ["bos": "bos", "eos": "eos", "padding": "pad", "unknown": "unk"]
        for (key, token) in names {
            if let id = try gguf.integer("tokenizer.ggml.\(key)_token_id"), vocabulary.indices.contains(id) {
                tokens["\(token)_token"] = vocabulary[id]
            }
        }
        try self.init(source, tokens: tokens, limits: limits)
    }

    /// Reads a model's template: a folder's, or a GGUF file's own; if the file has none, the one beside it.
    init?(of model: ModelSource, at url: URL) throws {
        switch model {
        case .gguf(let model) where model.file.values["tokenizer.chat_template"] != nil: try self.init(model.file)
        case .gguf: try self.init(contentsOf: url.deletingLastPathComponent())
        case .folder: try self.init(contentsOf: url)
        }
    }
}
