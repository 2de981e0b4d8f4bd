internal import Foundation

/// Where a model's folder keeps its chat template, and the special tokens that the template may name.
struct ChatTemplateFile {
    let source: String
    let tokens: [String: String]

    private static let tokenNames = [
        "bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token",
    ]

    /// Looks for a template; nil if there is none.
    init?(contentsOf folder: URL, name: String, limits: ChatTemplateLimits) throws {
        let configuration = try Self.configuration(in: folder)
        var tokens: [String: String] = [:]
        for token in Self.tokenNames {
            switch configuration?[token] {
            case .string(let text): tokens[token] = text
            case .object(let members):
                if case .string(let text)? = JSONValue.object(members)["content"] { tokens[token] = text }
            default: break
            }
        }
        self.tokens = tokens
        let url = folder.appendingPathComponent("chat_template.jinja")
        if name == "default", FileManager.default.fileExists(atPath: url.path) {
            let file = try MappedFile(url, maximumByteCount: limits.templateBytes)
            let text = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
            guard let text else { throw ModelLoadingError.malformedFile(path: url.path, reason: "it is not UTF-8") }
            source = text
            return
        }
        switch configuration?["chat_template"] {
        case .string(let text) where name == "default": source = text
        case .array(let named):
            guard let chosen = named.first(where: { $0["name"] == .string(name) }),
                case .string(let text)? = chosen["template"]
            else { return nil }
            source = text
        default: return nil
        }
    }

    private static func configuration(in folder: URL) throws -> JSONValue? {
        let url = folder.appendingPathComponent("tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try MappedFile(url, maximumByteCount: 64_000_000, advice: "export the tokenizer again")
        return try withExtendedLifetime(file) {
            do {
                return try JSONValue(parsing: file.bytes)
            } catch {
                throw ModelLoadingError.malformedFile(path: url.path, reason: "\(error)")
            }
        }
    }
}
