import Foundation
import Testing

@testable import BraidInference

struct ModelFolderTests {
    private let folder: TemporaryModelFolder

    init() throws {
        folder = try TemporaryModelFolder()
        try folder.write(
            """
            {"architectures": ["LlamaForCausalLM"], "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
             "num_attention_heads": 2, "vocab_size": 10}
            """, to: "config.json")
    }

    private func writeShard(_ name: String, tensors: [String]) throws {
        let header = tensors.enumerated().map { index, tensor in
            #""\#(tensor)": {"dtype": "F32", "shape": [2], "data_offsets": [\#(index * 8), \#(index * 8 + 8)]}"#
        }
        try folder.writeSafetensors(
            "{" + header.joined(separator: ",") + "}", data: [UInt8](repeating: 0, count: tensors.count * 8), to: name)
    }

    private func writeIndex(_ map: [String: String]) throws {
        let data = try JSONEncoder().encode(["weight_map": map])
        try folder.write(Array(data), to: "model.safetensors.index.json")
    }

    private func label() -> String {
        do {
            return "opened with \(try ModelFolder(contentsOf: folder.url).tensorNames)"
        } catch {
            return error.label
        }
    }

    @Test("a single file")
    func singleFilesOpen() throws {
        try writeShard("model.safetensors", tensors: ["a", "b"])
        let model = try ModelFolder(contentsOf: folder.url)
        #expect(model.tensorNames == ["a", "b"])
        #expect(model.configuration.headDimension == 2)
        #expect(try ModelSource.folder(model).tensor("b", shape: [2]).floats() == [0, 0])
        #expect(throws: ModelLoadingError.missingTensor(name: "c", path: folder.url.path)) { try model.tensor("c") }
        #expect(throws: ModelLoadingError.self) { try ModelSource.folder(model).tensor("b", shape: [1, 2]) }
    }

    @Test("shards")
    func shardsOpen() throws {
        try writeShard("model-00001-of-00002.safetensors", tensors: ["a", "unlisted"])
        try writeShard("model-00002-of-00002.safetensors", tensors: ["b", "c"])
        try writeIndex([
            "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors",
            "c": "model-00002-of-00002.safetensors",
        ])
        let model = try ModelFolder(contentsOf: folder.url)
        #expect(model.tensorNames == ["a", "b", "c"])
        #expect(try model.tensor("c").shape == [2])
    }

    @Test("no weights, no configuration, no folder")
    func missingFilesAreReported() throws {
        #expect(label() == "missing_file")
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("config.json"))
        #expect(label() == "missing_file")
        #expect(throws: ModelLoadingError.self) { try ModelFolder(contentsOf: URL(fileURLWithPath: "/nowhere/at/all")) }
    }

    @Test("a missing shard, and a tensor that its shard lacks")
    func incompleteShardsAreReported() throws {
        try writeShard("one.safetensors", tensors: ["a"])
        try writeIndex(["a": "one.safetensors", "b": "two.safetensors"])
        #expect(label() == "missing_file")
        try writeShard("two.safetensors", tensors: ["x"])
        #expect(label() == "missing_tensor")
        try writeShard("two.safetensors", tensors: ["b"])
        #expect(label() == #"opened with ["a", "b"]"#)
    }

    @Test("shard names that lead elsewhere")
    func shardNamesStayInTheFolder() throws {
        try writeShard("one.safetensors", tensors: ["a"])
        let names = [
            "../one.safetensors", "/etc/one.safetensors", "..", ".", "", "sub/one.safetensors", "sub\\one.safetensors",
            "one.bin", "one.safetensors\0", "\0.safetensors", ".hidden.safetensors", "one\n.safetensors",
            String(repeating: "x", count: 300) + ".safetensors",
        ]
        for name in names {
            try writeIndex(["a": name])
            #expect(label() == "invalid_value", "\(name.debugDescription)")
        }
    }

    @Test(
        "an index that is no index",
        arguments: ["", "[]", "{}", #"{"weight_map": []}"#, #"{"weight_map": {"a": 1}}"#])
    func malformedIndexesAreRefused(content: String) throws {
        try folder.write(content, to: "model.safetensors.index.json")
        #expect(label() == "malformed_file")
    }

    @Test("one file wins over an index, as in Transformers")
    func singleFileWins() throws {
        try writeShard("model.safetensors", tensors: ["a"])
        try folder.write("{}", to: "model.safetensors.index.json")
        #expect(label() == #"opened with ["a"]"#)
    }
}
