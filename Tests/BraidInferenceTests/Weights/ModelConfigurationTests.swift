import Foundation
import Testing

@testable import BraidInference

struct ModelConfigurationTests {
    /// A small valid configuration in which members can be replaced, added, or with nil removed.
    private func load(_ changes: [String: String?] = [:]) throws -> ModelConfiguration {
        var members: [String: String] = [
            "architectures": #"["LlamaForCausalLM"]"#, "model_type": #""llama""#, "hidden_size": "256",
            "intermediate_size": "704", "num_hidden_layers": "6", "num_attention_heads": "8",
            "num_key_value_heads": "2", "rms_norm_eps": "1e-05", "vocab_size": "3000",
        ]
        for (key, value) in changes { members[key] = value }
        let folder = try TemporaryModelFolder()
        try folder.write("{" + members.map { "\"\($0)\": \($1)" }.joined(separator: ",") + "}", to: "config.json")
        return try ModelConfiguration(contentsOf: folder.url)
    }

    private func error(_ changes: [String: String?]) -> String {
        do {
            return "loaded: \(try load(changes))"
        } catch let error as ModelLoadingError {
            return "\(error.label): \(error)"
        } catch {
            return "\(error)"
        }
    }

    @Test("what is left out takes the defaults of Transformers")
    func defaultsAreThoseOfTransformers() throws {
        let configuration = try load(["num_key_value_heads": nil, "rms_norm_eps": nil])
        #expect(configuration.architecture == .llama)
        #expect(configuration.hiddenSize == 256)
        #expect(configuration.intermediateSize == 704)
        #expect(configuration.layerCount == 6)
        #expect(configuration.headCount == 8)
        #expect(configuration.keyValueHeadCount == 8)
        #expect(configuration.headDimension == 32)
        #expect(configuration.normEpsilon == 1e-6)
        #expect(configuration.ropeTheta == 10_000)
        #expect(configuration.vocabularySize == 3_000)
        #expect(!configuration.tiesEmbeddings)
        #expect(configuration.maximumContextLength == 2_048)
        #expect(configuration.endTokenIDs.isEmpty)
        #expect(configuration.beginTokenID == nil)
    }

    @Test("the keys of Transformers 4 and of Transformers 5 say the same")
    func bothKeyStylesAreRead() throws {
        let common = [
            "tie_word_embeddings": "true", "max_position_embeddings": "4096", "eos_token_id": "[2, 7, 2]",
            "bos_token_id": "1", "head_dim": "64",
        ]
        let old = try load(
            common.merging(["rope_theta": "500000.0", "rope_scaling": "null", "torch_dtype": #""bfloat16""#]) { $1 })
        let new = try load(
            common.merging([
                "rope_parameters": #"{"rope_theta": 500000.0, "rope_type": "default"}"#, "dtype": #""bfloat16""#,
                "layer_types": #"["full_attention"]"#, "pad_token_id": "null",
            ]) { $1 })
        #expect(old == new)
        #expect(new.ropeTheta == 500_000)
        #expect(new.headDimension == 64)
        #expect(new.endTokenIDs == [2, 7])
        #expect(new.beginTokenID == 1)
        #expect(new.tiesEmbeddings)
        #expect(try load(["eos_token_id": "2"]).endTokenIDs == [2])
        #expect(try load(["eos_token_id": "null"]).endTokenIDs.isEmpty)
        #expect(try load(["rope_scaling": #"{"type": "default"}"#]).ropeTheta == 10_000)
        #expect(try load(["architectures": nil]).architecture == .llama)
    }

    @Test(
        "numbers out of range are refused and named",
        arguments: [
            ("hidden_size", "0"), ("hidden_size", "-256"), ("hidden_size", "65537"), ("hidden_size", "null"),
            ("hidden_size", "9223372036854775807"), ("hidden_size", "255"), ("intermediate_size", "0"),
            ("intermediate_size", "4611686018427387904"), ("num_hidden_layers", "0"), ("num_hidden_layers", "100000"),
            ("num_attention_heads", "0"), ("num_attention_heads", "5000"), ("num_key_value_heads", "3"),
            ("num_key_value_heads", "16"), ("num_key_value_heads", "-2"), ("head_dim", "31"), ("head_dim", "0"),
            ("head_dim", "2048"), ("vocab_size", "0"), ("vocab_size", "-9223372036854775808"),
            ("max_position_embeddings", "0"), ("rms_norm_eps", "0"), ("rms_norm_eps", "-1"), ("rms_norm_eps", "1e-300"),
            ("rope_theta", "0"), ("rope_theta", "1e300"), ("eos_token_id", "3000"), ("eos_token_id", "[1, -1]"),
            ("bos_token_id", "4294967296"), ("bos_token_id", "[1, 2]"),
        ])
    func badNumbersAreRefused(field: String, value: String) {
        let message = error([field: value])
        #expect(message.hasPrefix("invalid_value"), "\(message)")
        #expect(message.contains(field), "\(message)")
    }

    @Test(
        "what is no number of its kind is refused and named",
        arguments: [
            ("hidden_size", #""256""#), ("hidden_size", "256.5"), ("hidden_size", "1e40"), ("hidden_size", "[256]"),
            ("rms_norm_eps", #""small""#), ("rope_theta", "1e999"), ("tie_word_embeddings", "1"),
            ("eos_token_id", #""</s>""#), ("architectures", #""LlamaForCausalLM""#), ("rope_parameters", "3"),
        ])
    func wrongTypesAreRefused(field: String, value: String) {
        let message = error([field: value])
        #expect(message.hasPrefix("malformed_file"), "\(message)")
    }

    @Test(
        "what the engine does not do is refused",
        arguments: [
            ("architectures", #"["MambaForCausalLM"]"#), ("architectures", "[]"), ("attention_bias", "true"),
            ("mlp_bias", "true"), ("hidden_act", #""gelu""#), ("quantization_config", #"{"bits": 4}"#),
            ("rope_scaling", #"{"type": "linear", "factor": 2}"#), ("rope_scaling", #"{"rope_type": "llama3"}"#),
            ("rope_parameters", #"{"rope_theta": 1e4, "rope_type": "yarn"}"#),
            ("rope_parameters", #"{"rope_theta": 1e4, "partial_rotary_factor": 0.5}"#), ("torch_dtype", #""int8""#),
            ("dtype", #""float8_e4m3fn""#),
        ])
    func unsupportedModelsAreRefused(field: String, value: String) {
        let message = error([field: value, "model_type": #""other""#])
        #expect(message.hasPrefix("unsupported"), "\(message)")
    }

    @Test("the message names the architecture seen and those supported")
    func unknownArchitecturesAreNamed() {
        let message = error(["architectures": #"["MambaForCausalLM"]"#])
        #expect(message.contains("MambaForCausalLM"))
        #expect(message.contains("LlamaForCausalLM"))
    }

    @Test("files that are no JSON objects", arguments: ["", "{", "[]", "null", "\u{0}", "{\"hidden_size\": NaN}"])
    func malformedFilesAreRefused(content: String) throws {
        let folder = try TemporaryModelFolder()
        #expect(throws: ModelLoadingError.self) { try ModelConfiguration(contentsOf: folder.url) }
        try folder.write(content, to: "config.json")
        do {
            _ = try ModelConfiguration(contentsOf: folder.url)
            Issue.record("loaded")
        } catch {
            #expect(["malformed_file", "unsupported"].contains(error.label))
        }
    }

    @Test("a file of nested brackets does not exhaust the stack")
    func deepNestingIsRefused() throws {
        let folder = try TemporaryModelFolder()
        try folder.write(String(repeating: "[", count: 1_000_000), to: "config.json")
        #expect(throws: ModelLoadingError.self) { try ModelConfiguration(contentsOf: folder.url) }
        let nested = #"{"a":"#
        try folder.write(String(repeating: nested, count: 200_000), to: "config.json")
        #expect(throws: ModelLoadingError.self) { try ModelConfiguration(contentsOf: folder.url) }
    }
}
