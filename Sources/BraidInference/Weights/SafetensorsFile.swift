internal import Foundation

/// A safetensors file, mapped into memory, whose every promise was checked before the first tensor is handed out.
///
///     [8 bytes: header length, little-endian][header: JSON][data: the tensors, end to end]
///
/// The header maps each name to `{"dtype": "BF16", "shape": [2, 3], "data_offsets": [begin, end]}`, offsets counted from
/// the start of the data. As in the reference implementation, tensors must cover the data without holes or overlaps,
/// and every tensor must be exactly as long as its shape says.
final class SafetensorsFile: Sendable {
    /// The largest header accepted, 100 MB, as in the reference implementation.
    static let maximumHeaderByteCount = 100_000_000

    /// Where one tensor lies.
    private struct Entry {
        let type: String
        let shape: [Int]
        /// Offsets into the file.
        let range: Range<Int>
    }

    private let file: MappedFile
    private let entries: [String: Entry]

    /// Where the file lies.
    var path: String { file.path }
    /// The names of all tensors, in no particular order.
    var tensorNames: [String] { Array(entries.keys) }

    /// Maps the file and checks its header.
    ///
    /// - Throws: ``ModelLoadingError``: missing, unreadable, or malformed.
    /// - Complexity: O(n log n) in the number of tensors; the data are not touched.
    init(contentsOf url: URL) throws(ModelLoadingError) {
        let file = try MappedFile(url)
        self.file = file
        self.entries = try withExtendedLifetime(file) { () throws(ModelLoadingError) in
            try Self.entries(of: file)
        }
    }

    /// Whether the file holds a tensor of this name.
    func contains(_ name: String) -> Bool { entries[name] != nil }

    /// How much a tensor holds: its element type as the format calls it, its numbers, and their bytes.
    func content(of name: String) -> (type: String, elements: Int, bytes: Int)? {
        guard let entry = entries[name], let size = Self.elementByteCounts[entry.type] else { return nil }
        return (entry.type, entry.range.count / size, entry.range.count)
    }

    /// The tensor of this name.
    ///
    /// - Throws: ``ModelLoadingError/missingTensor(name:path:)``, or
    ///   ``ModelLoadingError/unsupported(path:feature:value:supported:)`` if its element type is none of F32, BF16, F16.
    /// - Complexity: O(1), unless the tensor lies at an address that its element type does not allow; then it is copied.
    func tensor(_ name: String) throws(ModelLoadingError) -> TensorView {
        guard let entry = entries[name] else { throw .missingTensor(name: name, path: path) }
        guard let type = TensorElementType(rawValue: entry.type), type.isPlain else {
            throw .unsupported(
                path: path, feature: "element type of tensor \(name):", value: entry.type,
                supported: TensorElementType.names(onlyPlain: true))
        }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
        // The format asks writers to pad the header to 8 bytes, and old ones did not.
        if let address = bytes.baseAddress, Int(bitPattern: address) % type.alignment != 0 {
            let copy = AlignedBytes(copying: bytes)
            return TensorView(elementType: type, shape: entry.shape, bytes: copy.bytes, owner: copy)
        }
        return TensorView(elementType: type, shape: entry.shape, bytes: bytes, owner: file)
    }

    // MARK: The header

    /// Bytes per element of every type that the format knows and that fills whole bytes.
    private static let elementByteCounts: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1,
        "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
        "I32": 4, "U32": 4, "F32": 4,
        "I64": 8, "U64": 8, "F64": 8, "C64": 8,
    ]

    /// What the header says about its tensors, unchecked.
    private struct Header: Decodable {
        struct Tensor: Decodable {
            let type: String
            let shape: [Int64]
            let offsets: [Int64]

            enum CodingKeys: String, CodingKey {
                case type = "dtype"
                case shape
                case offsets = "data_offsets"
            }
        }

        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var tensors: [(name: String, tensor: Tensor)] = []

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for name in container.allKeys where name.stringValue != "__metadata__" {
                tensors.append((name.stringValue, try container.decode(Tensor.self, forKey: name)))
            }
        }
    }

    private static func entries(of file: MappedFile) throws(ModelLoadingError) -> [String: Entry] {
        let path = file.path
        let bytes = file.bytes
        guard bytes.count >= 8 else {
            throw .malformedFile(path: path, reason: "it has \(bytes.count) bytes; a safetensors file has at least 8")
        }
        let headerLength = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard headerLength <= UInt64(maximumHeaderByteCount) else {
            throw .malformedFile(
                path: path,
                reason: "its header claims \(headerLength) bytes; at most \(maximumHeaderByteCount) are allowed")
        }
        let dataStart = 8 + Int(headerLength)
        guard dataStart <= bytes.count else {
            throw .malformedFile(
                path: path, reason: "its header claims \(headerLength) bytes, but only \(bytes.count - 8) follow")
        }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<dataStart]))
        } catch {
            throw .malformedJSON(error, path: path)
        }
        var entries: [String: Entry] = [:]
        for (name, tensor) in header.tensors {
            entries[name] = try entry(tensor, name: name, path: path, data: dataStart..<bytes.count)
        }
        // Laid end to end, each tensor must begin where the one before it ended.
        var end = dataStart
        let inOrder = entries.sorted {
            let (left, right) = ($0.value.range, $1.value.range)
            return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
        }
        for (name, entry) in inOrder {
            guard entry.range.lowerBound == end else {
                let problem = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw .malformedFile(
                    path: path,
                    reason: "tensor \(name) begins at \(entry.range.lowerBound - dataStart) and \(problem), "
                        + "which ends at \(end - dataStart)")
            }
            end = entry.range.upperBound
        }
        guard end == bytes.count else {
            throw .malformedFile(
                path: path,
                reason: "its tensors end at \(end - dataStart), but \(bytes.count - dataStart) bytes of data follow")
        }
        return entries
    }

    private static func entry(
        _ tensor: Header.Tensor, name: String, path: String, data: Range<Int>
    ) throws(ModelLoadingError) -> Entry {
        guard let elementByteCount = elementByteCounts[tensor.type] else {
            throw .malformedFile(
                path: path,
                reason: "tensor \(name) has the unknown element type \(tensor.type); "
                    + "known: \(elementByteCounts.keys.sorted().joined(separator: ", "))")
        }
        guard tensor.offsets.count == 2, let begin = Int(exactly: tensor.offsets[0]),
            let end = Int(exactly: tensor.offsets[1]), 0 <= begin, begin <= end, end <= data.count
        else {
            throw .malformedFile(
                path: path,
                reason: "tensor \(name) has data_offsets \(tensor.offsets); "
                    + "they must be [begin, end] with 0 <= begin <= end <= \(data.count)")
        }
        var shape: [Int] = []
        var byteCount = elementByteCount
        var isRepresentable = true
        for extent in tensor.shape {
            guard let extent = Int(exactly: extent), extent >= 0 else {
                throw .malformedFile(
                    path: path, reason: "tensor \(name) has shape \(tensor.shape); extents must not be negative")
            }
            shape.append(extent)
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
            byteCount = product
            isRepresentable = isRepresentable && !overflow
        }
        guard isRepresentable, byteCount == end - begin else {
            throw .malformedFile(
                path: path,
                reason: "tensor \(name) of shape \(tensor.shape) and type \(tensor.type) "
                    + "cannot be \(end - begin) bytes long")
        }
        return Entry(type: tensor.type, shape: shape, range: (data.lowerBound + begin)..<(data.lowerBound + end))
    }
}
