internal import Foundation

/// `generation_config.json`, of which only what ends an answer matters: conversational models name more ends there than in
/// `config.json`. How to sample is the caller's choice.
struct GenerationConfigurationFile: Decodable {
    var endTokenIDs: ModelConfigurationFile.TokenIDs?

    enum CodingKeys: String, CodingKey {
        case endTokenIDs = "eos_token_id"
    }

    /// The ends that a folder's file names; none if it is not there.
    ///
    /// - Throws: ``ModelLoadingError``: the file is damaged, or names what is no token.
    static func endTokenIDs(in folder: URL, vocabularySize: Int) throws(ModelLoadingError) -> [Int] {
        let url = folder.appendingPathComponent("generation_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        let ids =
            try MappedFile.decodeJSON(
                Self.self, from: url, maximumByteCount: 16_000_000, advice: "export the model again"
            ).endTokenIDs?.values ?? []
        if let bad = ids.first(where: { $0 < 0 || $0 >= vocabularySize }) {
            throw .invalidValue(
                path: url.path, field: "eos_token_id", value: "\(bad)",
                allowed: "0 to \(vocabularySize - 1), below vocab_size of config.json")
        }
        return ids
    }
}
