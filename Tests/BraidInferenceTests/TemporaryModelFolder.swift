import Foundation

/// A folder for a test to write model files into; it is removed when the object goes away.
final class TemporaryModelFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("braid-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { print("\(url.path) was not removed: \(error)") }
    }

    func write(_ text: String, to name: String) throws {
        try write(Array(text.utf8), to: name)
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: url.appendingPathComponent(name))
    }

    /// Writes a safetensors file: the header's length, the header, the data.
    func writeSafetensors(
        _ header: String, data: [UInt8] = [], headerLength: UInt64? = nil, to name: String = "model.safetensors"
    ) throws {
        let length = headerLength ?? UInt64(header.utf8.count)
        try write(withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8) + data, to: name)
    }
}
