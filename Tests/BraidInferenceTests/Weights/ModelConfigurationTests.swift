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

    @Test("each family says what it adds, as Transformers reads it")
    func familiesAreTold() throws {
        let llama = try load()
        #expect(!llama.hasAttentionBias && !llama.hasOutputBias && !llama.normalizesHeads)
        let biased = try load(["attention_bias": "true"])
        #expect(biased.hasAttentionBias && biased.hasOutputBias)
        let qwen2 = try load(["architectures": #"["Qwen2ForCausalLM"]"#])
        #expect(qwen2.hasAttentionBias && !qwen2.hasOutputBias && !qwen2.normalizesHeads)
        #expect(qwen2.maximumContextLength == 32_768)
        let qwen3 = try load(["architectures": nil, "model_type": #""qwen3""#])
        #expect(!qwen3.hasAttentionBias && qwen3.normalizesHeads)
        #expect(qwen3.headDimension == 128)
        #expect(try load(["architectures": nil, "model_type": #""qwen3""#, "head_dim": "32"]).headDimension == 32)
        let mistral = try load(["architectures": #"["MistralForCausalLM"]"#, "attention_bias": "true"])
        #expect(!mistral.hasAttentionBias && !mistral.hasOutputBias)
        #expect(
            error(["architectures": #"["Qwen3ForCausalLM"]"#, "num_key_value_heads": nil])
                .contains("num_key_value_heads is missing"))
    }

    @Test(
        "a window that is shorter than the context is the longest context; another one is harmless",
        arguments: [
            ("mistral", ["sliding_window": "4096"], 4_096, 4_096), ("mistral", ["sliding_window": "null"], 32_768, nil),
            ("mistral", [:], 4_096, 4_096), ("mistral", ["sliding_window": "32768"], 32_768, nil),
            ("llama", ["sliding_window": "4096"], 32_768, nil),
            ("qwen2", ["sliding_window": "4096"], 32_768, nil),
            ("qwen2", ["sliding_window": "4096", "use_sliding_window": "false"], 32_768, nil),
            ("qwen2", ["sliding_window": "4096", "use_sliding_window": "true"], 32_768, nil),
            (
                "qwen2", ["sliding_window": "4096", "use_sliding_window": "true", "max_window_layers": "3"], 4_096,
                4_096
            ),
            (
                "qwen3",
                [
                    "sliding_window": "512", "use_sliding_window": "true",
                    "layer_types": #"["full_attention", "sliding_attention"]"#,
                ], 512, 512
            ),
            (
                "qwen3",
                ["sliding_window": "512", "use_sliding_window": "true", "layer_types": #"["full_attention"]"#], 32_768,
                nil
            ),
        ] as [(String, [String: String], Int, Int?)])
    func windowsBoundTheContext(family: String, keys: [String: String], length: Int, window: Int?) throws {
        var changes: [String: String?] = ["architectures": nil, "model_type": "\"\(family)\""]
        changes["max_position_embeddings"] = "32768"
        for (key, value) in keys { changes[key] = value }
        let configuration = try load(changes)
        #expect(configuration.maximumContextLength == length)
        #expect(configuration.attentionWindow == window)
    }

    @Test("rotary scalings, in both key styles")
    func scalingsAreRead() throws {
        #expect(try load().ropeScaling == .none)
        #expect(try load(["rope_scaling": #"{"type": "linear", "factor": 2}"#]).ropeScaling == .linear(factor: 2))
        #expect(
            try load(["rope_parameters": #"{"rope_theta": 1e4, "rope_type": "linear", "factor": 2.5}"#]).ropeScaling
                == .linear(factor: 2.5))
        let members = #""rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0"#
        let expected = RotaryScaling.llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8_192)
        let old = try load([
            "rope_scaling": "{\(members), \"original_max_position_embeddings\": 8192}", "rope_theta": "5e5",
        ])
        #expect(old.ropeScaling == expected)
        #expect(old.ropeTheta == 500_000)
        // Without the original length, it is the present one.
        let new = try load([
            "rope_parameters": "{\(members), \"rope_theta\": 5e5}", "max_position_embeddings": "8192",
        ])
        #expect(new.ropeScaling == expected)
        #expect(new.ropeTheta == 500_000)
    }

    @Test(
        "scalings that cannot be computed are refused",
        arguments: [
            #"{"type": "linear"}"#, #"{"type": "linear", "factor": 0}"#, #"{"type": "linear", "factor": -1}"#,
            #"{"type": "linear", "factor": 1e300}"#, #"{"type": "linear", "factor": 1e-300}"#,
            #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1}"#,
            #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4}"#,
            #"""
            {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
             "original_max_position_embeddings": -5}
            """#,
        ])
    func badScalingsAreRefused(scaling: String) {
        let message = error(["rope_scaling": scaling])
        #expect(message.hasPrefix("invalid_value"), "\(message)")
        #expect(message.contains("rope scaling"), "\(message)")
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
            ("architectures", #"["MambaForCausalLM"]"#), ("architectures", "[]"),
            ("layer_types", #"["chunked_attention"]"#),
            ("partial_rotary_factor", "0.5"), ("mlp_bias", "true"), ("hidden_act", #""gelu""#),
            ("quantization_config", #"{"bits": 4}"#),
            ("rope_scaling", #"{"type": "dynamic", "factor": 2}"#),
            ("rope_parameters", #"{"full_attention": {"rope_theta": 1e4}}"#),
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

    @Test("what ends an answer comes from both files, each token once")
    func endsOfBothFilesCount() throws {
        let folder = try TemporaryModelFolder()
        func ends(_ configuration: String, _ generation: String) throws -> [Int32] {
            try folder.write(
                """
                {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 4,
                 "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 50, "eos_token_id": \(configuration)}
                """, to: "config.json")
            try folder.write(generation, to: "generation_config.json")
            return try ModelConfiguration(contentsOf: folder.url).endTokenIDs
        }
        #expect(try ends("3", #"{"eos_token_id": [7, 3, 9], "temperature": 0.6}"#) == [3, 7, 9])
        #expect(try ends("null", #"{"eos_token_id": 7}"#) == [7])
        #expect(try ends("[1, 2]", "{}") == [1, 2])
        #expect(try ends("[1, 2]", #"{"eos_token_id": null}"#) == [1, 2])
        for bad in ["50", "-1", "[3, 9223372036854775807]"] {
            do {
                _ = try ends("3", #"{"eos_token_id": \#(bad)}"#)
                Issue.record("\(bad) is taken for a token")
            } catch let error as ModelLoadingError {
                #expect(error.description.contains("generation_config.json: eos_token_id is "), "\(error)")
            }
        }
        for bad in [#"{"eos_token_id": "x"}"#, "[]", "{"] {
            #expect(throws: ModelLoadingError.self) { try ends("3", bad) }
        }
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
