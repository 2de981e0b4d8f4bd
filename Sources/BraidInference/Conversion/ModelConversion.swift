public import Foundation

/// Writes a model's folder in Hugging Face layout as one GGUF file, weights, tokenizer and chat template, for Braid and for
/// llama.cpp.
///
/// ```swift
/// let conversion = try ModelConversion(of: folder, to: .q8_0)
/// try conversion.write(to: URL(fileURLWithPath: "model-q8_0.gguf"))
/// ```
public struct ModelConversion {
    /// Where programs that read only llama.cpp's fields give other ids than the folder's tokenizer does; nil if nowhere.
    /// Braid reads the folder's `tokenizer.json` itself, which then lies in the file.
    public let tokenizerDifference: String?

    private let folder: ModelFolder
    private let header: GGUFHeader
    /// Divisors of the rotary frequencies; if there are any, the header's first tensor.
    private let divisors: [Float]
    /// What the other tensors of the header are in the folder.
    private let sources: [Source]

    private struct Source {
        var name: String
        var type: ConversionType
    }

    /// Numbers that are converted at a time.
    private static let chunkElements = 1 << 20

    /// Reads everything but the tensors' numbers.
    ///
    /// - Parameters:
    ///   - url: A folder in Hugging Face layout, of a family that ``ModelArchitecture`` lists.
    ///   - type: How matrices are stored; nil for as the folder has them. A matrix whose rows are no whole number of blocks
    ///     stays as it is.
    /// - Throws: ``ModelLoadingError``. The chat template is copied, whatever it says.
    public init(of url: URL, to type: ConversionType? = nil) throws {
        folder = try ModelFolder(contentsOf: url)
        let configuration = folder.configuration
        let tokenizer = try GGUFTokenizerMetadata(folder: url, configuration: configuration)
        tokenizerDifference = tokenizer.difference
        divisors = RotaryTable.divisors(configuration)
        var header = GGUFHeader()
        var sources: [Source] = []
        if !divisors.isEmpty {
            header.tensors.append(
                GGUFHeader.Tensor(name: "rope_freqs.weight", type: .float32, shape: [divisors.count]))
        }
        for (name, shape) in configuration.tensorShapes {
            let tensor = try ModelSource.folder(folder).tensor(name, shape: shape)
            guard let fileName = GGUFModel.fileName(of: name) else {
                throw ModelLoadingError.missingTensor(name: name, path: url.path)
            }
            let chosen = Self.type(for: tensor, type)
            header.tensors.append(GGUFHeader.Tensor(name: fileName, type: chosen.elementType, shape: shape))
            sources.append(Source(name: name, type: chosen))
        }
        let kind = header.tensors.first { $0.name == "token_embd.weight" }?.type ?? .float32
        header.pairs = Self.pairs(configuration, name: url.standardizedFileURL.lastPathComponent, type: kind)
        header.pairs += tokenizer.pairs
        if let template = try ChatTemplateFile(contentsOf: url, name: "default", limits: ChatTemplateLimits()) {
            header.pairs.append(("tokenizer.chat_template", .text(template.source)))
        }
        self.header = header
        self.sources = sources
    }

    /// Writes the file; it appears under its name when it is complete, in place of what was there.
    ///
    /// - Throws: ``ModelConversionError``, ``ModelLoadingError``
    /// - Complexity: O(size of the model); of its numbers, a few megabytes at a time are in memory.
    public func write(to url: URL) throws {
        let file = try NewFile(url)
        try file.write(header.bytes)
        if !divisors.isEmpty {
            var bytes: [UInt8] = []
            for divisor in divisors { GGUFValue.append(divisor.bitPattern, to: &bytes) }
            try Self.write(bytes, to: file)
        }
        for source in sources { try write(source, to: file) }
        try file.complete()
    }

    private static func write(_ bytes: [UInt8], to file: borrowing NewFile) throws {
        try file.write(bytes)
        try file.write([UInt8](repeating: 0, count: GGUFHeader.padding(after: bytes.count)))
    }

    private func write(_ source: Source, to file: borrowing NewFile) throws {
        var tensor = try folder.tensor(source.name)
        let configuration = folder.configuration
        if configuration.architecture == .llama || configuration.architecture == .mistral {
            if source.name.contains(".q_proj.") { tensor = tensor.paired(heads: configuration.headCount) }
            if source.name.contains(".k_proj.") { tensor = tensor.paired(heads: configuration.keyValueHeadCount) }
        }
        let encoder = TensorEncoder(name: source.name, type: source.type)
        let rows = tensor.shape[0]
        let step = max(1, Self.chunkElements / max(1, tensor.elementCount / rows))
        var byteCount = 0
        for first in stride(from: 0, to: rows, by: step) {
            let bytes = try encoder.encode(tensor.rows(first..<min(rows, first + step)))
            try file.write(bytes)
            byteCount += bytes.count
        }
        try file.write([UInt8](repeating: 0, count: GGUFHeader.padding(after: byteCount)))
    }

    private static func type(for tensor: TensorView, _ type: ConversionType?) -> ConversionType {
        guard tensor.shape.count > 1, let columns = tensor.shape.last else { return .f32 }
        let own = ConversionType.allCases.first { $0.elementType == tensor.elementType } ?? .f32
        guard let type, columns.isMultiple(of: type.elementType.blockElementCount) else { return own }
        return type
    }

    // MARK: Metadata

    private static func pairs(
        _ model: ModelConfiguration, name: String, type: TensorElementType
    ) -> [(key: String, value: GGUFValue)] {
        // Mistral goes by the name of llama.
        let family = (model.architecture == .mistral ? .llama : model.architecture).modelType
        let fileTypes: [TensorElementType: UInt32] = [
            .float32: 0, .float16: 1, .q4_0: 2, .q8_0: 7, .bfloat16: 32,
        ]
        func count(_ value: Int) -> GGUFValue { .integer(UInt32(clamping: value)) }
        var pairs: [(key: String, value: GGUFValue)] = [
            ("general.architecture", .text(family)), ("general.type", .text("model")), ("general.name", .text(name)),
            ("general.file_type", .integer(fileTypes[type] ?? 0)), ("general.quantization_version", .integer(2)),
            ("\(family).vocab_size", count(model.vocabularySize)),
            ("\(family).context_length", count(model.maximumContextLength)),
            ("\(family).embedding_length", count(model.hiddenSize)), ("\(family).block_count", count(model.layerCount)),
            ("\(family).feed_forward_length", count(model.intermediateSize)),
            ("\(family).attention.head_count", count(model.headCount)),
            ("\(family).attention.head_count_kv", count(model.keyValueHeadCount)),
            ("\(family).attention.key_length", count(model.headDimension)),
            ("\(family).attention.value_length", count(model.headDimension)),
            ("\(family).attention.layer_norm_rms_epsilon", .float(model.normEpsilon)),
            ("\(family).rope.dimension_count", count(model.headDimension)),
            ("\(family).rope.freq_base", .float(Float(model.ropeTheta))),
        ]
        if model.architecture == .mistral, let window = model.attentionWindow {
            pairs.append(("\(family).attention.sliding_window", count(window)))
        }
        if case .linear(let factor) = model.ropeScaling {
            pairs.append(("\(family).rope.scaling.type", .text("linear")))
            pairs.append(("\(family).rope.scaling.factor", .float(Float(factor))))
        }
        return pairs
    }
}
