import Foundation

/// What can be told of a Hugging Face folder without loading it.
///
/// A listing, so what cannot be read is left out or unknown and never an error: loading the model says what is wrong.
struct ModelFolder {
    /// The folder.
    let folder: URL

    /// Bytes of all its files.
    var byteCount: Int {
        files.reduce(0) { sum, file in
            sum + ((try? Self.target(of: file).resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0)
        }
    }

    /// Numbers in its safetensors files; nil when there is none or one cannot be read.
    var parameterCount: Int? {
        let weights = files.filter { $0.pathExtension == "safetensors" }
        guard !weights.isEmpty else { return nil }
        var sum = 0
        for file in weights {
            guard let count = Self.parameterCount(in: file) else { return nil }
            sum += count
        }
        return sum
    }

    private var files: [URL] {
        (try? FileManager.default.contentsOfDirectory(at: Self.target(of: folder), includingPropertiesForKeys: nil))
            ?? []
    }

    /// What a path leads to: the Hugging Face cache is made of symbolic links.
    private static func target(of file: URL) -> URL { file.resolvingSymlinksInPath() }

    /// Reads a safetensors header: 8 bytes of its length, little-endian, then JSON with each tensor's shape.
    private static func parameterCount(in file: URL) -> Int? {
        struct Tensor: Decodable {
            var shape: [Int]?
        }
        guard let data = try? Data(contentsOf: target(of: file), options: .mappedIfSafe), data.count > 8 else {
            return nil
        }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(data.count - 8) else { return nil }
        let header = data.dropFirst(8).prefix(Int(length))
        guard let tensors = try? JSONDecoder().decode([String: Tensor].self, from: Data(header)) else { return nil }
        var sum = 0
        for shape in tensors.values.compactMap(\.shape) {
            var count = 1
            for side in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: side)
                guard !overflow, side >= 0 else { return nil }
                count = product
            }
            let (total, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { return nil }
            sum = total
        }
        return sum
    }
}
