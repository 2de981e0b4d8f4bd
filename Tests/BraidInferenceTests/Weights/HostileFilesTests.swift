import Foundation
import Testing

@testable import BraidInference

/// Mutants of small valid files: each opens, or is refused with an error of loading, and none ends the process.
@Suite("Hostile files")
struct HostileFilesTests {
    @Test("GGUF files")
    func mutantsOfGGUFFiles() throws {
        let originals = try [
            Self.model(), Self.metadata(),
            Array(Data(contentsOf: Fixture.folder.appendingPathComponent("gguf/metadata.gguf"))),
        ]
        try run(originals, file: "model.gguf") { folder in folder.appendingPathComponent("model.gguf") }
    }

    @Test("safetensors files")
    func mutantsOfSafetensorsFiles() throws {
        let folder = try TemporaryModelFolder()
        try folder.writeSafetensors(Self.header(), data: [UInt8](repeating: 60, count: Self.tensorBytes))
        let original = try Data(contentsOf: folder.url.appendingPathComponent("model.safetensors"))
        try run([Array(original)], file: "model.safetensors") { $0 }
    }

    /// Opens mutants and uses what opens.
    private func run(_ originals: [[UInt8]], file: String, at place: (URL) -> URL) throws {
        let folder = try TemporaryModelFolder()
        try folder.write(Self.configuration, to: "config.json")
        var opened = 0
        for number in 0..<UInt64(Fuzzing.count(default: 2_000)) {
            var random = SeededGenerator(seed: Fuzzing.seed &+ number &* 0x9E37_79B9)
            let original = originals[Int(number % UInt64(originals.count))]
            // Some stay as they are, so that what is used below really is.
            let bytes = number < originals.count ? original : Self.mutant(of: original, &random)
            try folder.write(bytes, to: file)
            let url = place(folder.url)
            attempt { _ = try ModelInspection(contentsOf: url) }
            do {
                let source = try ModelSource(contentsOf: url)
                opened += 1
                try use(source)
            } catch is ModelLoadingError {
            } catch {
                Issue.record("mutant \(number) of seed \(Fuzzing.seed): \(error)")
            }
        }
        #expect(opened > 0)
    }

    /// Does what may be refused with an error of loading, and with no other.
    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch is ModelLoadingError {} catch { Issue.record("\(error)") }
    }

    /// Reads every value and tensor, and runs the model if its weights are all there.
    private func use(_ source: ModelSource) throws {
        if case .gguf(let model) = source {
            let file = model.file
            for key in file.values.keys {
                attempt { _ = try file.string(key) }
                attempt { _ = try file.integer(key) }
                attempt { _ = try file.float(key) }
                attempt { _ = try file.bool(key) }
                attempt { _ = try file.strings(key) }
                attempt { _ = try file.integers(key) }
                attempt { _ = try file.floats(key) }
            }
            for name in file.tensors.keys { attempt { _ = try file.tensor(name).floats() } }
        }
        for name in source.tensorNames { attempt { _ = try source.tensor(name).floats() } }
        let weights = try TransformerWeights(source)
        let cached = try CachedTransformer(
            configuration: source.configuration, weights: weights, threads: 1, pages: 2, maximumRows: 2)
        _ = try cached.extend(cached.cache.open(), [1, 2])
    }

    // MARK: Mutants

    /// Numbers that lengths, counts and offsets like to be confused by.
    private static let numbers: [UInt64] = [
        0, 1, 2, 31, 32, 33, 255, 65_535, 1 << 24, 1 << 24 + 1, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 40,
        1 << 62, 1 << 63 - 1, 1 << 63, .max - 31, .max - 1, .max,
    ]

    private static func mutant(of original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let length = min(bytes.count - place, Int.random(in: 1...64, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 3: bytes[place] = Array("0123456789-[]{},\":eE".utf8).randomElement(using: &random) ?? 0
            case 4, 5:  // a lying number, 4 or 8 bytes wide
                let number = numbers.randomElement(using: &random) ?? 0
                let width = Bool.random(using: &random) ? 4 : 8
                for (index, byte) in GGUFBytes.bytes(number).prefix(width).enumerated()
                where place + index < bytes.count {
                    bytes[place + index] = byte
                }
            case 6: bytes.removeSubrange(place..<place + length)
            case 7: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
            case 8:  // two sections change places
                let other = Int.random(in: 0...bytes.count - length, using: &random)
                let section = Array(bytes[other..<other + length])
                for index in 0..<length { bytes[other + index] = bytes[place + index] }
                for index in 0..<length { bytes[place + index] = section[index] }
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    // MARK: Files

    private static let configuration = """
        {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 4, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 5, "tie_word_embeddings": true}
        """

    /// The tensors of that configuration, by their names in GGUF files and in Hugging Face's.
    private static let tensors: [(gguf: String, name: String, shape: [Int])] = [
        ("token_embd.weight", "model.embed_tokens.weight", [5, 8]), ("output_norm.weight", "model.norm.weight", [8]),
        ("blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight", [8]),
        ("blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight", [8, 8]),
        ("blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight", [4, 8]),
        ("blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight", [4, 8]),
        ("blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight", [8, 8]),
        ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight", [8]),
        ("blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight", [4, 8]),
        ("blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj.weight", [4, 8]),
        ("blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight", [8, 4]),
    ]

    private static var tensorBytes: Int { tensors.reduce(0) { $0 + $1.shape.reduce(2, *) } }

    private static func header() -> String {
        var start = 0
        let entries = tensors.map { tensor in
            defer { start += tensor.shape.reduce(2, *) }
            let end = start + tensor.shape.reduce(2, *)
            return #""\#(tensor.name)":{"dtype":"BF16","shape":\#(tensor.shape),"data_offsets":[\#(start),\#(end)]}"#
        }
        return "{" + entries.joined(separator: ",") + "}"
    }

    /// A whole model, f32 but for two tensors that nobody asks for, in blocks.
    private static func model() -> [UInt8] {
        var bytes = GGUFBytes()
        bytes.pair("general.architecture", "llama")
        for (key, value) in [
            ("embedding_length", UInt32(8)), ("feed_forward_length", 4), ("block_count", 1),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1), ("context_length", 64),
        ] {
            bytes.pair("llama.\(key)", value)
        }
        bytes.pair("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
        func add(_ name: String, _ extents: [Int], type: UInt32, _ byteCount: Int) {
            bytes.tensor(name, extents: extents.map(UInt64.init), type: type, offset: UInt64(bytes.data.count))
            bytes.data += [UInt8](repeating: 60, count: byteCount)
            bytes.data += [UInt8](repeating: 0, count: (32 - byteCount % 32) % 32)
        }
        for tensor in tensors { add(tensor.gguf, tensor.shape.reversed(), type: 0, tensor.shape.reduce(4, *)) }
        add("rope_freqs.weight", [2], type: 0, 8)
        add("q8", [64], type: 8, 68)
        add("q4k", [256], type: 12, 144)
        return bytes.file
    }

    /// Metadata of many kinds.
    private static func metadata() -> [UInt8] {
        var bytes = GGUFBytes()
        bytes.pair("general.architecture", "qwen3")
        bytes.array("tokenizer.ggml.tokens", type: 8, count: 3, ["a", "bc", ""].flatMap { GGUFBytes.string($0) })
        bytes.array("tokenizer.ggml.scores", type: 6, count: 2, [UInt8](repeating: 1, count: 8))
        bytes.array("tokenizer.ggml.token_type", type: 5, count: 2, [UInt8](repeating: 1, count: 8))
        bytes.array("truths", type: 7, count: 3, [0, 1, 0])
        bytes.array("none", type: 12, count: 0, [])
        bytes.pair("general.alignment", UInt32(16))
        bytes.pair("qwen3.attention.key_length", UInt32(16))
        bytes.pair("tokenizer.ggml.add_bos_token", type: 7, [1])
        return bytes.file
    }
}
