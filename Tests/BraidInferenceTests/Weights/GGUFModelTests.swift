import Foundation
import Testing

@testable import BraidInference

struct GGUFModelTests {
    private func gguf(_ name: String) -> URL { Fixture.folder.appendingPathComponent("gguf/\(name).gguf") }

    private func logits(_ source: ModelSource, _ ids: [Int32]) throws -> [[Float]] {
        let cached = try CachedTransformer(source)
        return try cached.extend(cached.cache.open(), ids)
    }

    @Test(
        "a checkpoint has the same logits as a folder and as a file",
        arguments: [
            ("llama3-f16", "f16"), ("linear-biased-bf16", "f32"), ("qwen2-bf16", "f32"), ("qwen3-bf16", "bf16"),
        ])
    func formatsAgree(name: String, type: String) throws {
        let fixture = Fixture(name: name)
        let ids = try fixture.expected().ids
        let source = try ModelSource(contentsOf: gguf("\(name)-\(type)"))
        let actual = try logits(source, ids)
        #expect(relativeDifference(actual, try fixture.logits("plain.f32")) < 1e-4)
        let folder = try fixture.model()
        #expect(source.tensorNames == folder.tensorNames)
        for tensor in source.tensorNames {
            #expect(try source.tensor(tensor).floats() == folder.tensor(tensor).floats(), "\(tensor)")
        }
        // The same numbers in the same type, but for frequencies that were divided instead of computed.
        if folder.configuration.ropeScaling == .none, name.hasSuffix(type) {
            #expect(try actual == logits(folder, ids))
        }
    }

    @Test(
        "eight bits a number keep the logits, by the root of the mean square of the differences",
        arguments: ["llama3-f16", "qwen3-bf16"])
    func quantizedFilesAgree(name: String) throws {
        let fixture = Fixture(name: name)
        let source = try ModelSource(contentsOf: gguf("\(name)-q8_0"))
        #expect(try source.tensor("model.layers.0.self_attn.q_proj.weight").elementType == .q8_0)
        let ids = try fixture.expected().ids
        let actual = try logits(source, ids)
        // With the numbers that the file has, the pass is as exact as any.
        #expect(relativeDifference(actual, try DenseTransformer(source).logits(ids)) < 1e-4)
        let difference = meanDifference(actual, try fixture.logits("plain.f32"))
        #expect(difference < 5e-2, "mean difference \(difference) of a standard deviation")
        #expect(difference > 1e-4, "nothing was quantised")
    }

    @Test("the oracle agrees on files too", arguments: ["llama3-f16-f16", "linear-biased-bf16-f32"])
    func oracleAgrees(name: String) throws {
        let fixture = Fixture(name: name.split(separator: "-").dropLast().joined(separator: "-"))
        let logits = try DenseTransformer(ModelSource(contentsOf: gguf(name))).logits(fixture.expected().ids)
        #expect(relativeDifference(logits.map { $0.map { Float($0) } }, try fixture.logits("plain.f32")) < 1e-4)
    }

    @Test("the configuration of a file is that of the folder")
    func configurationsAgree() throws {
        for (name, type) in [("linear-biased-bf16", "f32"), ("qwen2-bf16", "f32"), ("qwen3-bf16", "bf16")] {
            #expect(
                try ModelSource(contentsOf: gguf("\(name)-\(type)")).configuration
                    == Fixture(name: name).model().configuration)
        }
        let llama = try ModelSource(contentsOf: gguf("llama3-f16-f16")).configuration
        guard case .divisors(let divisors) = llama.ropeScaling else {
            Issue.record("\(llama.ropeScaling)")
            return
        }
        #expect(divisors.count == 8)
        #expect(divisors.first == 1)
        #expect(divisors.last == 8)
    }

    // MARK: What is refused

    /// A small Llama without layers' tensors: enough for its configuration.
    private func file(_ change: (inout GGUFBytes) -> Void = { _ in }, without missing: String? = nil) throws
        -> GGUFBytes
    {
        var bytes = GGUFBytes()
        func number(_ key: String, _ value: UInt32) { if key != missing { bytes.pair(key, value) } }
        bytes.pair("general.architecture", "llama")
        number("llama.embedding_length", 8)
        number("llama.feed_forward_length", 16)
        number("llama.block_count", 1)
        number("llama.attention.head_count", 4)
        number("llama.attention.head_count_kv", 2)
        number("llama.context_length", 64)
        if missing != "llama.attention.layer_norm_rms_epsilon" {
            bytes.pair("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
        }
        bytes.tensor("token_embd.weight", extents: [8, 10], offset: 0)
        bytes.data = [UInt8](repeating: 0, count: 320)
        change(&bytes)
        return bytes
    }

    private func open(_ bytes: GGUFBytes) throws -> ModelSource {
        let folder = try TemporaryModelFolder()
        try folder.write(bytes.file, to: "model.gguf")
        return try ModelSource(contentsOf: folder.url.appendingPathComponent("model.gguf"))
    }

    private func error(_ bytes: GGUFBytes) -> String {
        do {
            return "opened: \(try open(bytes).configuration)"
        } catch let error as ModelLoadingError {
            return "\(error.label): \(error)"
        } catch {
            return "\(error)"
        }
    }

    @Test("a Mistral goes by the name of llama, with a window")
    func windowsMakeMistrals() throws {
        let plain = try open(file()).configuration
        #expect(plain.architecture == .llama)
        #expect(plain.headDimension == 2)
        #expect(plain.vocabularySize == 10)
        #expect(plain.tiesEmbeddings)
        #expect(plain.ropeTheta == 10_000)
        let windowed = try open(file { $0.pair("llama.attention.sliding_window", UInt32(16)) }).configuration
        #expect(windowed.architecture == .mistral)
        #expect(windowed.maximumContextLength == 16)
    }

    @Test("what ends an answer, and what begins a context")
    func specialTokensAreRead() throws {
        let bytes = try file {
            $0.pair("tokenizer.ggml.eos_token_id", UInt32(2))
            $0.pair("tokenizer.ggml.eot_token_id", UInt32(3))
            $0.pair("tokenizer.ggml.eom_token_id", UInt32(2))
            $0.pair("tokenizer.ggml.bos_token_id", UInt32(1))
        }
        #expect(try open(bytes).configuration.endTokenIDs == [2, 3])
        #expect(try open(bytes).configuration.beginTokenID == 1)
        let without = try file {
            $0.pair("tokenizer.ggml.bos_token_id", UInt32(1))
            $0.pair("tokenizer.ggml.add_bos_token", type: 7, [0])
        }
        #expect(try open(without).configuration.beginTokenID == nil)
    }

    @Test(
        "keys that must be there",
        arguments: [
            "llama.embedding_length", "llama.feed_forward_length", "llama.block_count", "llama.attention.head_count",
            "llama.context_length", "llama.attention.layer_norm_rms_epsilon",
        ])
    func missingKeysAreNamed(key: String) throws {
        let message = error(try file(without: key))
        #expect(message.contains("\(key) is missing"), "\(message)")
    }

    @Test("models that the engine cannot run are refused and say why")
    func unsupportedModelsAreRefused() throws {
        func refused(_ word: String, _ change: (inout GGUFBytes) -> Void) throws {
            let message = error(try file(change))
            #expect(message.hasPrefix("unsupported"), "\(message)")
            #expect(message.contains(word), "\(message)")
        }
        var other = GGUFBytes()
        #expect(error(other).contains("general.architecture is missing"))
        other.pair("general.architecture", "gemma2")
        #expect(error(other).contains("architecture gemma2 is not supported; supported: llama, qwen2, qwen3"))
        try refused("in 3 parts") { $0.pair("split.count", UInt32(3)) }
        try refused("expert_count 8") { $0.pair("llama.expert_count", UInt32(8)) }
        try refused("yarn") { $0.pair("llama.rope.scaling.type", "yarn") }
        try refused("value_length 4") { $0.pair("llama.attention.value_length", UInt32(4)) }
        try refused("dimension_count 1") { $0.pair("llama.rope.dimension_count", UInt32(1)) }
    }

    @Test("heads that differ by layer are refused; the same number for every layer is that number")
    func arraysOfHeadsAreRead() throws {
        func heads(_ numbers: [UInt32]) throws -> GGUFBytes {
            var bytes = try file(without: "llama.attention.head_count_kv")
            bytes.array(
                "llama.attention.head_count_kv", type: 4, count: UInt64(numbers.count),
                numbers.flatMap(GGUFBytes.bytes))
            return bytes
        }
        #expect(try open(heads([2, 2])).configuration.keyValueHeadCount == 2)
        #expect(error(try heads([2, 4])).contains("head_count_kv that differs by layer"))
        #expect(try open(heads([])).configuration.keyValueHeadCount == 4)
    }

    @Test("numbers out of range are refused by the names that the file has for them")
    func badNumbersAreRefused() throws {
        for (key, value) in [
            ("llama.embedding_length", UInt32(0)), ("llama.block_count", 5_000), ("llama.attention.head_count", 0),
            ("llama.attention.head_count_kv", 3), ("llama.context_length", .max),
        ] {
            let message = error(try file({ $0.pair(key, value) }, without: key))
            #expect(message.hasPrefix("invalid_value") && message.contains("\(key) is \(value)"), "\(message)")
        }
        #expect(error(try file { $0.pair("llama.rope.freq_base", Float(0)) }).contains("llama.rope.freq_base is 0"))
        #expect(error(try file { $0.pair("llama.rope.freq_base", Float.nan) }).contains("llama.rope.freq_base is nan"))
        let scaled = try file {
            $0.pair("llama.rope.scaling.type", "linear")
            $0.pair("llama.rope.scaling.factor", Float.infinity)
        }
        #expect(error(scaled).contains("rope scaling"))
    }

    @Test("divisors of frequencies must be one for every pair, and positive")
    func badDivisorsAreRefused() throws {
        for (count, value, isGood) in [(1, Float(2), true), (2, 2, false), (1, 0, false), (1, .nan, false)] {
            let bytes = try file {
                $0.tensor("rope_freqs.weight", extents: [UInt64(count)], offset: 320)
                $0.data += (0..<count).flatMap { _ in GGUFBytes.bytes(value.bitPattern) }
            }
            #expect(error(bytes).hasPrefix(isGood ? "opened" : "invalid_value"), "\(error(bytes))")
        }
    }

    @Test("queries whose rows are not those of the heads are refused")
    func badQueriesAreRefused() throws {
        let source = try open(
            try file {
                $0.tensor("blk.0.attn_q.weight", extents: [8, 6], offset: 320)
                $0.data += [UInt8](repeating: 0, count: 192)
            })
        #expect(throws: ModelLoadingError.self) { try source.tensor("model.layers.0.self_attn.q_proj.weight") }
        #expect(throws: ModelLoadingError.self) { try source.tensor("model.layers.7.self_attn.q_proj.weight") }
        #expect(throws: ModelLoadingError.self) { try source.tensor("model.layers.x.self_attn.q_proj.weight") }
        #expect(throws: ModelLoadingError.self) { try TransformerWeights(source) }
    }
}
