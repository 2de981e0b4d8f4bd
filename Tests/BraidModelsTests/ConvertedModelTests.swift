import BraidModels
import Foundation
import Testing

@testable import BraidInference

@Suite("A built-in model as a GGUF file")
struct ConvertedModelTests {
    @Test("has its numbers and its tokenizer", arguments: BuiltInModel.all)
    func survives(model: BuiltInModel) throws {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).gguf")
        defer { try? FileManager.default.removeItem(at: output) }
        let folder = try model.folder()
        let conversion = try ModelConversion(of: folder)
        #expect(conversion.tokenizerDifference == "numbers of more than three digits")
        try conversion.write(to: output)
        let (original, converted) = (try ModelSource(contentsOf: folder), try ModelSource(contentsOf: output))
        #expect(original.configuration == converted.configuration)
        #expect(original.tensorNames == converted.tensorNames)
        for name in original.tensorNames {
            #expect(try original.tensor(name).floats() == converted.tensor(name).floats(), "\(name)")
        }
        guard case .gguf(let file) = converted else {
            Issue.record("no GGUF file")
            return
        }
        let tokenizer = try Tokenizer(contentsOf: folder)
        let exact = try Tokenizer(of: converted, at: output)
        #expect(exact.fingerprint == tokenizer.fingerprint)
        // What llama.cpp makes of it.
        let vocabulary = try GGUFVocabulary(file.file)
        let nearest = try Tokenizer(vocabulary.file, path: output.path)
        for text in ["1: from 93\n", " 113: 95 _ 70; + 95 18: 7", "Make 24 from 3, 8, 5 and 2!", "3*x+7=22 x=5"] {
            #expect(exact.encode(text) == tokenizer.encode(text))
            #expect(nearest.encode(text) == tokenizer.encode(text))
        }
        #expect(exact.encode(" 2307") == tokenizer.encode(" 2307"))
        #expect(nearest.encode(" 2307") != tokenizer.encode(" 2307"))
        #expect(exact.controlTags == tokenizer.controlTags)
    }
}
