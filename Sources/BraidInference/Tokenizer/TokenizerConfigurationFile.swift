internal import Foundation

/// `tokenizer_config.json`, of which only the first token of a context matters.
struct TokenizerConfigurationFile: Decodable {
    /// A token's text, by itself or in an object with its options.
    struct Token: Decodable {
        let content: String

        enum CodingKeys: String, CodingKey {
            case content
        }

        init(from decoder: any Decoder) throws {
            do {
                content = try decoder.singleValueContainer().decode(String.self)
            } catch DecodingError.typeMismatch {
                content = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .content)
            }
        }
    }

    var beginToken: Token?

    enum CodingKeys: String, CodingKey {
        case beginToken = "bos_token"
    }

    /// The token that begins a context, or nil if the file is not there or names none.
    static func beginToken(in folder: URL) throws(ModelLoadingError) -> String? {
        let url = folder.appendingPathComponent("tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try MappedFile.decodeJSON(
            Self.self, from: url, maximumByteCount: 64_000_000, advice: "export the tokenizer again"
        ).beginToken?.content
    }
}
