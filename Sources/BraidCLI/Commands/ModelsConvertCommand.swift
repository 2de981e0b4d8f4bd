import ArgumentParser
import BraidInference
import BraidModels
import Foundation

/// `braid models convert`: a Hugging Face folder as one GGUF file.
struct ModelsConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a Hugging Face folder as one GGUF file, for Braid and for llama.cpp.",
        discussion: """
            The file appears under its name when it is complete, in place of what was there. Where llama.cpp would cut \
            text otherwise than the model's tokenizer, a line on standard error says where; Braid reads the tokenizer \
            itself from the file.
            """)

    @Argument(help: "A Hugging Face folder, or the name of a built-in model.")
    var path: String

    @Argument(help: "The file to write, OUTPUT.gguf.")
    var output: String

    @Option(help: "How matrices are stored. (default: as the folder has them)")
    var type: ConversionType?

    func validate() throws {
        guard output.lowercased().hasSuffix(".gguf") else {
            throw ValidationError("the output is '\(output)'; allowed: a name that ends in .gguf")
        }
    }

    func run() throws {
        let choice = try ModelChoice(path, for: .adaptive)
        do {
            let conversion = try ModelConversion(of: choice.location(), to: type)
            try conversion.write(to: URL(fileURLWithPath: output))
            if let difference = conversion.tokenizerDifference {
                try StandardStream.error.write(
                    "braid: llama.cpp may cut \(difference) into other tokens than the model's tokenizer does\n")
            }
        } catch let error as BuiltInModelError {
            throw ModelError.missing(error.description)
        } catch let error as ModelLoadingError {
            throw ModelError.unusable(model: choice.name, reason: "\(error)")
        }
    }
}
