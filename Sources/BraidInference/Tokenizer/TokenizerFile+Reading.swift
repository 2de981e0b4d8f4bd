internal import Foundation

extension TokenizerFile {
    /// Reads a folder's `tokenizer.json`.
    ///
    /// - Returns: What it says, its path, and its bytes.
    /// - Throws: ``ModelLoadingError``: it is missing or damaged, or no byte-pair encoding.
    static func read(in folder: URL) throws(ModelLoadingError) -> (file: TokenizerFile, path: String, bytes: MappedFile)
    {
        let mapped = try MappedFile(
            folder.appendingPathComponent("tokenizer.json"), maximumByteCount: 512 << 20,
            advice: "export the tokenizer with Hugging Face tokenizers; tokenizer.model and vocab.json are not read")
        let file = try withExtendedLifetime(mapped) { () throws(ModelLoadingError) in
            try TokenizerFile(parsing: mapped.bytes, path: mapped.path)
        }
        return (file, mapped.path, mapped)
    }

    /// Reads JSON.
    ///
    /// - Throws: ``ModelLoadingError``
    /// - Complexity: O(size).
    init(parsing bytes: UnsafeRawBufferPointer, path: String) throws(ModelLoadingError) {
        do {
            self = try JSONDecoder().decode(TokenizerFile.self, from: Data(bytes))
            guard !isByteLevel else { return }
            let document = try JSONValue(parsing: bytes)
            if case .object(let tokens)? = document["model"]?["vocab"] {
                for token in tokens {
                    if case .integer(let id) = token.value { model.spellings.append((token.name, id)) }
                }
            }
        } catch let error as TokenizerFile.UnsupportedModel {
            throw .unsupported(path: path, feature: "model type", value: error.type, supported: "BPE")
        } catch {
            throw .malformedJSON(error, path: path)
        }
    }
}
