internal import Foundation

/// `tokenizer_config.json`, of which only the special tokens matter.
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
    var endToken: Token?
    var unknownToken: Token?
    var paddingToken: Token?

    enum CodingKeys: String, CodingKey {
        case beginToken = "bos_token"
        case endToken = "eos_token"
        case unknownToken = "unk_token"
        case paddingToken = "pad_token"
    }

    /// What a folder's file says; nothing if it is not there.
    static func read(in folder: URL) throws(ModelLoadingError) -> TokenizerConfigurationFile {
        let url = folder.appendingPathComponent("tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return TokenizerConfigurationFile() }
        return try MappedFile.decodeJSON(
            Self.self, from: url, maximumByteCount: 64_000_000, advice: "export the tokenizer again")
    }
}
