import Foundation
import Testing

@testable import BraidInference

struct ModelInspectionTests {
    @Test("a folder: numbers, types, and why the engine cannot run it")
    func foldersAreInspected() throws {
        let inspection = try ModelInspection(contentsOf: Fixture(name: "qwen2-bf16").folder)
        #expect(inspection.format == "safetensors")
        #expect(inspection.configuration?.architecture == .qwen2)
        #expect(inspection.contents.map(\.elementType) == ["BF16"])
        #expect(inspection.parameterCount == 37_984)
        #expect(inspection.contents.first?.byteCount == 2 * 37_984)
        #expect(inspection.tokenizer == nil)
        #expect(!inspection.hasChatTemplate)
        #expect(inspection.problems.map(\.label) == ["missing_file"], "the tokenizer is missing")
    }

    @Test("a file: numbers by type")
    func filesAreInspected() throws {
        let inspection = try ModelInspection(
            contentsOf: Fixture.folder.appendingPathComponent("gguf/llama3-f16-q8_0.gguf"))
        #expect(inspection.format == "gguf")
        #expect(inspection.configuration?.architecture == .llama)
        #expect(inspection.contents.map(\.elementType) == ["Q8_0", "F32"])
        // The checkpoint has 27,392; its file also has a divisor for each of 8 frequencies.
        #expect(inspection.parameterCount == 27_392 + 8)
        #expect(inspection.fileByteCount == 31_456)
    }

    @Test("what the engine does not run is inspected all the same")
    func unsupportedModelsAreInspected() throws {
        var bytes = GGUFBytes()
        bytes.pair("general.architecture", "gemma2")
        bytes.pair("tokenizer.ggml.model", "gpt2")
        bytes.pair("tokenizer.ggml.pre", "qwen2")
        bytes.pair("tokenizer.chat_template", "{{ messages }}")
        bytes.tensor("a", extents: [256], type: 10, offset: 0)
        bytes.data = [UInt8](repeating: 0, count: 84)
        let folder = try TemporaryModelFolder()
        try folder.write(bytes.file, to: "model.gguf")
        let inspection = try ModelInspection(contentsOf: folder.url.appendingPathComponent("model.gguf"))
        #expect(inspection.configuration == nil)
        #expect(inspection.tokenizer == "gpt2, qwen2")
        #expect(inspection.hasChatTemplate)
        #expect(inspection.problems.map(\.label) == ["unsupported", "unsupported", "missing_file"])
        #expect("\(inspection.problems)".contains("gemma2"))
        #expect("\(inspection.problems)".contains("Q2_K"))
    }

    @Test("through links, as the Hugging Face cache has them; tokenizer and template are told")
    func linksAreFollowed() throws {
        let folder = try TemporaryModelFolder()
        try folder.writeSafetensors(
            #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, data: [UInt8](repeating: 0, count: 12))
        try folder.write(#"{"model": {"type": "Unigram", "vocab": []}}"#, to: "tokenizer.json")
        try folder.write(#"{"chat_template": "x"}"#, to: "tokenizer_config.json")
        let link = folder.url.appendingPathExtension("link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder.url)
        defer { do { try FileManager.default.removeItem(at: link) } catch { Issue.record(error) } }
        let inspection = try ModelInspection(contentsOf: link)
        #expect(inspection.parameterCount == 3)
        #expect(inspection.tokenizer == "Unigram")
        #expect(inspection.hasChatTemplate)
        #expect(inspection.problems.map(\.label).contains("missing_file"), "config.json is missing")
    }
}
