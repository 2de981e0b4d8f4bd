import BraidInference
import BraidModels
import Foundation

/// One model as `braid models inspect` shows it.
struct ModelReport: Encodable {
    /// The dimensions of a model that the engine runs.
    struct Shape: Encodable {
        var family: String
        var contextLength: Int
        /// Positions that attention looks back at, where that bounds the context.
        var attentionWindow: Int?
        var vocabulary: Int
        var layers: Int
        var hiddenSize: Int
        var feedForwardSize: Int
        var heads: Int
        var keyValueHeads: Int
        var headDimension: Int
        var tiedEmbeddings: Bool
        var attentionBias: Bool
        var headNorms: Bool
        var ropeTheta: Double
        var ropeScaling: String
    }

    /// How much there is of one element type.
    struct Content: Encodable {
        var type: String
        var tensors: Int
        var numbers: Int
        var bytes: Int
    }

    var path: String
    var format: String
    var parameters: Int
    /// Bytes of all files.
    var bytes: Int
    /// nil if the engine does not run such models.
    var shape: Shape?
    var contents: [Content]
    /// The kind of tokenizer, as its file calls it.
    var tokenizer: String?
    var chatTemplate: Bool
    /// What keeps the engine from running it.
    var problems: [String]
    /// The instruction sets that it would run with.
    var instructionSets: [String]
    /// What faster kernels want and this processor lacks.
    var missingInstructionSets: [String]

    /// Looks at a folder, a file or a built-in model.
    /// - Throws: ``ModelError``.
    init(_ name: String) throws(ModelError) {
        let choice = try ModelChoice(name, for: .adaptive)
        let inspection: ModelInspection
        do {
            let url = try choice.location()
            path = url.path
            inspection = try ModelInspection(contentsOf: url)
        } catch let error as BuiltInModelError {
            throw .missing(error.description)
        } catch {
            throw .unusable(model: choice.name, reason: "\(error)")
        }
        format = inspection.format
        parameters = inspection.parameterCount
        bytes = inspection.fileByteCount
        shape = inspection.configuration.map(Shape.init)
        contents = inspection.contents.map {
            Content(type: $0.elementType, tensors: $0.tensorCount, numbers: $0.elementCount, bytes: $0.byteCount)
        }
        tokenizer = inspection.tokenizer
        chatTemplate = inspection.hasChatTemplate
        problems = inspection.problems.map(\.description)
        instructionSets = InstructionSets.here.used
        missingInstructionSets = InstructionSets.here.missing
    }

    /// The report in lines, for people.
    var text: String {
        var lines: [(String, String)] = [("path", path), ("format", format)]
        if let shape {
            let window = shape.attentionWindow == nil ? "" : ", as far as every layer looks back"
            var extras: [String] = []
            if shape.tiedEmbeddings { extras.append("tied embeddings") }
            if shape.attentionBias { extras.append("biases in attention") }
            if shape.headNorms { extras.append("norms of query and key heads") }
            lines += [
                ("family", ([shape.family] + extras).joined(separator: ", ")),
                ("context", "\(shape.contextLength) tokens\(window)"),
                ("vocabulary", "\(shape.vocabulary)"),
                ("layers", "\(shape.layers) of width \(shape.hiddenSize), inner width \(shape.feedForwardSize)"),
                (
                    "heads",
                    "\(shape.heads) of width \(shape.headDimension) over \(shape.keyValueHeads) of keys and values"
                ),
                ("rope", "theta \(shape.ropeTheta), scaling: \(shape.ropeScaling)"),
            ]
        }
        lines.append(
            ("numbers", String(format: "%.2f M in %.1f MB of files", Double(parameters) / 1e6, Double(bytes) / 1e6)))
        lines += contents.map {
            ("  " + $0.type, "\($0.numbers) in \($0.tensors) tensors, \($0.bytes) bytes")
        }
        lines += [("tokenizer", tokenizer ?? "none"), ("chat template", chatTemplate ? "yes" : "no")]
        lines.append(("runs here", problems.isEmpty ? "yes, as far as the headers tell" : "no"))
        lines += problems.map { ("  because", $0) }
        lines.append(("computes with", instructionSets.joined(separator: ", ")))
        lines += missingInstructionSets.map { ("  without", $0) }
        let width = lines.map(\.0.columns).max() ?? 0
        return lines.map { $0.0.padded(to: width) + "  " + SafeText.line($0.1) }.joined(separator: "\n")
    }
}

extension ModelReport.Shape {
    fileprivate init(_ configuration: ModelConfiguration) {
        family = configuration.architecture.modelType
        contextLength = configuration.maximumContextLength
        attentionWindow = configuration.attentionWindow
        vocabulary = configuration.vocabularySize
        layers = configuration.layerCount
        hiddenSize = configuration.hiddenSize
        feedForwardSize = configuration.intermediateSize
        heads = configuration.headCount
        keyValueHeads = configuration.keyValueHeadCount
        headDimension = configuration.headDimension
        tiedEmbeddings = configuration.tiesEmbeddings
        attentionBias = configuration.hasAttentionBias
        headNorms = configuration.normalizesHeads
        ropeTheta = configuration.ropeTheta
        ropeScaling =
            switch configuration.ropeScaling {
            case .none: "none"
            case .linear(let factor): "linear, factor \(factor)"
            case .llama3(let factor, let low, let high, let context):
                "llama3, factor \(factor), from \(low) to \(high) turns in \(context) positions"
            case .divisors(let divisors): "a divisor for each of \(divisors.count) frequencies"
            }
    }
}
