internal import Foundation

extension Tokenizer {
    /// Reads the tokenizer of a GGUF file: the whole `tokenizer.json`, where it has one, else what llama.cpp reads.
    ///
    /// - Throws: ``ModelLoadingError``: it is missing, damaged or of an unsupported kind.
    /// - Complexity: O(size of the vocabulary).
    init(_ gguf: GGUFFile) throws(ModelLoadingError) {
        if case .single(.string, let range)? = gguf.values["tokenizer.huggingface.json"] {
            let file = try withExtendedLifetime(gguf) { () throws(ModelLoadingError) in
                try TokenizerFile(
                    parsing: UnsafeRawBufferPointer(rebasing: gguf.file.bytes[range]), path: gguf.path)
            }
            let tokens = try gguf.strings("tokenizer.ggml.tokens") ?? []
            let begin = try gguf.integer("tokenizer.ggml.bos_token_id")
            try self.init(
                file, path: gguf.path, beginToken: begin.flatMap { tokens.indices.contains($0) ? tokens[$0] : nil })
            return
        }
        let vocabulary = try GGUFVocabulary(gguf)
        try self.init(
            vocabulary.file, path: gguf.path, beginToken: vocabulary.beginTokenID.map { vocabulary.tokens[$0] })
    }

    /// Reads the tokenizer of a GGUF file, or the one beside it if it has none.
    ///
    /// - Throws: ``ModelLoadingError``
    init(of file: GGUFFile, at url: URL) throws(ModelLoadingError) {
        if file.values["tokenizer.ggml.tokens"] != nil || file.values["tokenizer.huggingface.json"] != nil {
            try self.init(file)
        } else {
            try self.init(contentsOf: url.deletingLastPathComponent())
        }
    }

    /// Reads a model's tokenizer: a folder's, or a GGUF file's own; if the file has none, the one beside it.
    ///
    /// - Throws: ``ModelLoadingError``
    init(of model: ModelSource, at url: URL) throws(ModelLoadingError) {
        switch model {
        case .gguf(let model): try self.init(of: model.file, at: url)
        case .folder: try self.init(contentsOf: url)
        }
    }
}
