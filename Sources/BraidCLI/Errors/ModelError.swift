/// Why there is no model to run.
enum ModelError: Error, Hashable, CustomStringConvertible {
    /// Neither a built-in model nor a folder has this name.
    case unknown(String, known: [String])
    /// The path is neither a folder nor a `.gguf` file.
    case notAModel(String)
    /// A built-in model's files are not where the package puts them; the text says where they were looked for.
    case missing(String)
    /// The model's files cannot be used.
    case unusable(model: String, reason: String)
    /// The built-in models do not read what this method, or this option, says to a model.
    case readsNoWords(String)

    /// What happened, and what to do.
    var description: String {
        switch self {
        case .unknown(let name, let known):
            "there is no model '\(name)'; choose a built-in one (\(known.joined(separator: ", "))) or give the path of "
                + "a Hugging Face folder or of a .gguf file"
        case .notAModel(let path):
            "\(path) is not a folder and not a .gguf file; give the Hugging Face folder that has config.json, "
                + "tokenizer.json and the weights, or a .gguf file"
        case .readsNoWords(let what):
            "\(what) asks in plain words, which the built-in models do not read; connect an instructed model: --model "
                + "PATH, or METHOD@PATH for 'braid bench', with PATH a Hugging Face folder or a .gguf file"
        case .missing(let description): description
        case .unusable(let model, let reason):
            "the model \(model) cannot be loaded: \(reason); 'braid models' lists the built-in ones"
        }
    }
}
