public import Foundation

/// What can be told of a model from its files' headers, whether or not the engine can run it.
public struct ModelInspection: Sendable {
    /// How much there is of one element type.
    public struct Content: Sendable, Hashable {
        /// The type, as the format calls it: `BF16`, `Q4_K`.
        public let elementType: String
        /// How many tensors have it.
        public let tensorCount: Int
        /// How many numbers they hold.
        public let elementCount: Int
        /// How many bytes these take.
        public let byteCount: Int
    }

    /// `safetensors` or `gguf`.
    public let format: String
    /// The model's dimensions; nil if the engine does not run such models, and ``problems`` say why.
    public let configuration: ModelConfiguration?
    /// What the tensors hold, the most bytes first.
    public let contents: [Content]
    /// Bytes of all files: of the one, or of everything in the folder.
    public let fileByteCount: Int
    /// The kind of tokenizer, as its file calls it; nil if there is none.
    public let tokenizer: String?
    /// Whether there is a template for conversations.
    public let hasChatTemplate: Bool
    /// Why the engine does not run the model; empty if nothing speaks against it. The tensors' names and shapes are
    /// checked on loading only.
    public let problems: [ModelLoadingError]

    /// Numbers in all tensors.
    public var parameterCount: Int { contents.reduce(0) { Self.sum($0, $1.elementCount) } }

    /// Reads the headers of a model's files.
    ///
    /// - Parameter url: A folder in Hugging Face layout, or a `.gguf` file.
    /// - Throws: ``ModelLoadingError`` if the tensors' headers are missing or damaged. Everything else that is wrong is
    ///   among ``problems``.
    /// - Complexity: O(size of the headers, the metadata and the tokenizer's file).
    public init(contentsOf url: URL) throws(ModelLoadingError) {
        var problems: [ModelLoadingError] = []
        func attempt<Value>(_ body: () throws(ModelLoadingError) -> Value) -> Value? {
            do { return try body() } catch {
                problems.append(error)
                return nil
            }
        }
        var gguf: GGUFFile?
        if ModelSource.isFile(url) {
            let file = try GGUFFile(contentsOf: url)
            format = "gguf"
            configuration = attempt { () throws(ModelLoadingError) in
                try ModelConfiguration(ModelConfigurationFile(file), path: file.path)
            }
            contents = Self.contents(
                file.tensors.values.map {
                    ($0.type.name, $0.range.count / $0.type.blockByteCount * $0.type.blockElementCount, $0.range.count)
                })
            fileByteCount = file.file.bytes.count
            let parts = ["model", "pre"].compactMap { part in
                attempt { () throws(ModelLoadingError) in try file.string("tokenizer.ggml.\(part)") } ?? nil
            }
            tokenizer = parts.isEmpty ? nil : parts.joined(separator: ", ")
            hasChatTemplate = file.values["tokenizer.chat_template"] != nil
            gguf = file
        } else {
            let files = try ModelFolder.files(in: url)
            format = "safetensors"
            configuration = attempt { () throws(ModelLoadingError) in try ModelConfiguration(contentsOf: url) }
            contents = Self.contents(files.compactMap { name, file in file.content(of: name) })
            fileByteCount = Self.byteCount(ofFilesIn: url)
            tokenizer = attempt { () throws(ModelLoadingError) in try Self.tokenizerKind(in: url) } ?? nil
            hasChatTemplate = attempt { () throws(ModelLoadingError) in try Self.hasChatTemplate(in: url) } ?? false
        }
        for content in contents where TensorElementType(rawValue: content.elementType) == nil {
            problems.append(
                .unsupported(
                    path: url.path, feature: "element type", value: content.elementType,
                    supported: TensorElementType.names(onlyPlain: format == "safetensors")))
        }
        _ = attempt { () throws(ModelLoadingError) in
            if let gguf { try Tokenizer(of: gguf, at: url) } else { try Tokenizer(contentsOf: url) }
        }
        var seen: Set<ModelLoadingError> = []
        self.problems = problems.filter { seen.insert($0).inserted }
    }

    private static func contents(_ tensors: [(type: String, elements: Int, bytes: Int)]) -> [Content] {
        Dictionary(grouping: tensors, by: \.type).map { type, tensors in
            Content(
                elementType: type, tensorCount: tensors.count,
                elementCount: tensors.reduce(0) { sum($0, $1.elements) },
                byteCount: tensors.reduce(0) { sum($0, $1.bytes) })
        }.sorted { ($1.byteCount, $0.elementType) < ($0.byteCount, $1.elementType) }
    }

    /// Sparse files can claim more than 63 bits together.
    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }

    // MARK: Folders

    private static func byteCount(ofFilesIn folder: URL) -> Int {
        // What cannot be measured counts nothing here; opening it says what is wrong.
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)
        return (files ?? []).reduce(0) { total, file in
            // The Hugging Face cache is made of symbolic links.
            let values = try? file.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey])
            return sum(total, values?.fileSize ?? 0)
        }
    }

    private static func tokenizerKind(in folder: URL) throws(ModelLoadingError) -> String? {
        struct File: Decodable {
            struct Model: Decodable {
                var type: String?
            }
            var model: Model
        }
        let url = folder.appendingPathComponent("tokenizer.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        // Files without a type are byte-pair encodings, of before there were others.
        return try MappedFile.decodeJSON(
            File.self, from: url, maximumByteCount: 512 << 20, advice: "export the tokenizer again"
        ).model.type ?? "BPE"
    }

    private static func hasChatTemplate(in folder: URL) throws(ModelLoadingError) -> Bool {
        struct File: Decodable {
            let hasTemplate: Bool
            enum CodingKeys: String, CodingKey { case template = "chat_template" }
            init(from decoder: any Decoder) throws {
                hasTemplate = try decoder.container(keyedBy: CodingKeys.self).contains(.template)
            }
        }
        if FileManager.default.fileExists(atPath: folder.appendingPathComponent("chat_template.jinja").path) {
            return true
        }
        let url = folder.appendingPathComponent("tokenizer_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return false }
        return try MappedFile.decodeJSON(
            File.self, from: url, maximumByteCount: 64_000_000, advice: "export the tokenizer again"
        ).hasTemplate
    }
}
