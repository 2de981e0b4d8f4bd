import Braid
import Foundation
import Testing

@testable import BraidInference

/// A folder with a random model for the `numbers` tokenizer, and what an oracle needs to follow an engine on it.
final class EngineFixture {
    let folder: TemporaryModelFolder
    let model: ModelSource
    let tokenizer: Tokenizer

    /// Writes the folder. The model has more rows than the tokenizer has tokens, as padded ones do.
    /// - Parameter thoughts: Rows of the tables of thought embeddings.
    init(contextLength: Int = 512, seed: UInt64 = 5, thoughts: Int = 0) throws {
        folder = try TemporaryModelFolder()
        try folder.write(Self.tokenizerFile(), to: "tokenizer.json")
        tokenizer = try Tokenizer(contentsOf: folder.url)
        let vocabulary = tokenizer.vocabularySize + 13
        let (hidden, inner, layers, heads) = (32, 48, 2, 4)
        try folder.write(
            """
            {"architectures": ["LlamaForCausalLM"], "hidden_size": \(hidden), "intermediate_size": \(inner),
             "num_hidden_layers": \(layers), "num_attention_heads": \(heads), "num_key_value_heads": 2,
             "vocab_size": \(vocabulary), "max_position_embeddings": \(contextLength), "rms_norm_eps": 1e-5,
             "tie_word_embeddings": true}
            """, to: "config.json")

        var random = SeededGenerator(seed: seed)
        var tensors: [(name: String, shape: [Int])] = [("model.embed_tokens.weight", [vocabulary, hidden])]
        for layer in 0..<layers {
            let name = "model.layers.\(layer)."
            tensors += [
                (name + "input_layernorm.weight", [hidden]), (name + "post_attention_layernorm.weight", [hidden]),
                (name + "self_attn.q_proj.weight", [hidden, hidden]),
                (name + "self_attn.k_proj.weight", [hidden / 2, hidden]),
                (name + "self_attn.v_proj.weight", [hidden / 2, hidden]),
                (name + "self_attn.o_proj.weight", [hidden, hidden]), (name + "mlp.gate_proj.weight", [inner, hidden]),
                (name + "mlp.up_proj.weight", [inner, hidden]), (name + "mlp.down_proj.weight", [hidden, inner]),
            ]
            if thoughts > 0 { tensors.append((name + "self_attn.seg_embeddings.weight", [thoughts, hidden / heads])) }
        }
        tensors.append(("model.norm.weight", [hidden]))
        var header: [String] = [], data: [UInt8] = []
        for (name, shape) in tensors {
            let start = data.count
            for _ in 0..<shape.reduce(1, *) {
                let value = Float.random(in: -0.4...0.4, using: &random) + (shape.count == 1 ? 1 : 0)
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 }
            }
            let offsets = "[\(start),\(data.count)]"
            header.append("\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":\(offsets)}")
        }
        try folder.writeSafetensors("{" + header.joined(separator: ",") + "}", data: data)
        model = try ModelSource(contentsOf: folder.url)
    }

    /// The `numbers` tokenizer, with the tags of the `braid` dialect that it lacks.
    private static func tokenizerFile() throws -> [UInt8] {
        let url = TokenizerFixture.folder.appendingPathComponent("numbers/tokenizer.json")
        var file = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        var added = try #require(file["added_tokens"] as? [[String: Any]])
        let known = Set(added.compactMap { $0["content"] as? String })
        let vocabulary = try #require((file["model"] as? [String: Any])?["vocab"] as? [String: Int])
        var next = (Array(vocabulary.values) + added.compactMap { $0["id"] as? Int }).reduce(0, max) + 1
        for tag in Dialect.braid.allTags.subtracting(known).sorted() {
            added.append([
                "id": next, "content": tag, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true,
            ])
            next += 1
        }
        file["added_tokens"] = added
        return try Array(JSONSerialization.data(withJSONObject: file))
    }

    func engine(_ options: EmbeddedEngineOptions = EmbeddedEngineOptions(threads: 2, cacheBytes: 1 << 24)) throws
        -> EmbeddedEngine
    {
        try EmbeddedEngine(contentsOf: folder.url, options: options)
    }

    /// What a plain decoder of one context draws: a sequence without engine, scheduler or batch.
    func decodeAlone(_ prompt: [TokenID], seed: UInt64, parameters: SamplingParameters, count: Int) throws
        -> [SampledToken]
    {
        let cached = try CachedTransformer(model, threads: 1)
        let context = cached.cache.open()
        var sampler = try Sampler(parameters, seed: seed, kernels: #require(KernelLevel.best.kernels))
        var logits = try #require(try cached.extend(context, prompt).last)
        var tokens: [SampledToken] = []
        var seen = Set(prompt)
        while tokens.count < count {
            let token = try logits.withUnsafeBufferPointer {
                try sampler.draw(
                    from: $0, position: prompt.count + tokens.count, seen: seen,
                    mask: .upTo(end: tokenizer.vocabularySize, forbidden: []))
            }
            tokens.append(token)
            seen.insert(token.id)
            logits = try cached.extend(context, [token.id])[0]
        }
        return tokens
    }
}

extension EngineContext {
    /// Reads a decode call to its end.
    func decodeAll(_ options: DecodingOptions) async throws -> (tokens: [DecodedToken], reason: StopReason?) {
        var tokens: [DecodedToken] = []
        for try await event in decode(options) {
            switch event {
            case .token(let token): tokens.append(token)
            case .stop(let reason): return (tokens, reason)
            }
        }
        return (tokens, nil)
    }
}
