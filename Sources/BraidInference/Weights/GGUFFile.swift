internal import Foundation

/// A GGUF file of version 3, mapped into memory, of which every count, size and offset was checked before anything is
/// handed out.
///
///     ["GGUF"][version][tensor count][pair count][pairs: key, type, value][tensor infos][padding][data]
///
/// All numbers are little-endian. Pairs stay where they are mapped and are decoded when they are asked for; the file's
/// claims never decide how much memory is taken.
final class GGUFFile: Sendable {
    /// The longest string accepted, 16 MiB.
    static let maximumStringByteCount = 1 << 24
    /// The longest array accepted.
    static let maximumArrayCount = 1 << 24
    /// The most tensors, and the most pairs, accepted.
    static let maximumEntryCount = 1 << 17

    /// One metadata value, checked but not decoded.
    enum Value: Sendable {
        /// Its bytes; of a string, without the length.
        case single(GGUFValueType, Range<Int>)
        /// The elements' bytes; of strings, with their lengths.
        case array(GGUFValueType, count: Int, Range<Int>)
    }

    /// Where one tensor lies.
    struct Tensor: Sendable {
        let type: GGUFTensorType
        /// The extents, outermost first; GGUF has them innermost first.
        let shape: [Int]
        /// Offsets into the file.
        let range: Range<Int>
    }

    /// The file itself.
    let file: MappedFile
    /// Its metadata.
    let values: [String: Value]
    /// Its tensors.
    let tensors: [String: Tensor]

    /// Where the file lies.
    var path: String { file.path }

    /// Whether a file begins as a GGUF file does.
    static func isGGUF(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: "GGUF".utf8) }

    /// Maps the file and checks its structure.
    ///
    /// - Throws: ``ModelLoadingError``: missing, unreadable, malformed, or of another version or byte order.
    /// - Complexity: O(n log n) in the number of pairs, array elements and tensors; the tensors' data are not touched.
    init(contentsOf url: URL) throws(ModelLoadingError) {
        let file = try MappedFile(url, advice: "check the path of the .gguf file")
        self.file = file
        (values, tensors) = try withExtendedLifetime(file) { () throws(ModelLoadingError) in
            try Self.contents(of: file)
        }
    }

    /// The tensor of this name.
    ///
    /// - Throws: ``ModelLoadingError/missingTensor(name:path:)``, or
    ///   ``ModelLoadingError/unsupported(path:feature:value:supported:)`` for an element type that cannot be read.
    /// - Complexity: O(1), unless the tensor lies at an address that its element type does not allow; then it is copied.
    func tensor(_ name: String) throws(ModelLoadingError) -> TensorView {
        guard let tensor = tensors[name] else { throw .missingTensor(name: name, path: path) }
        guard let type = tensor.type.elementType else {
            throw .unsupported(
                path: path, feature: "element type of tensor \(name):", value: tensor.type.name,
                supported: TensorElementType.names())
        }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
        if let address = bytes.baseAddress, Int(bitPattern: address) % type.alignment != 0 {
            let copy = AlignedBytes(copying: bytes)
            return TensorView(elementType: type, shape: tensor.shape, bytes: copy.bytes, owner: copy)
        }
        return TensorView(elementType: type, shape: tensor.shape, bytes: bytes, owner: file)
    }

    // MARK: Structure

    private static func contents(
        of file: MappedFile
    ) throws(ModelLoadingError) -> (values: [String: Value], tensors: [String: Tensor]) {
        let path = file.path, bytes = file.bytes
        guard isGGUF(bytes) else {
            throw .malformedFile(path: path, reason: "it does not begin with GGUF")
        }
        var cursor = ByteCursor(bytes, path: path, offset: 4)
        let version = try cursor.integer(UInt32.self, "the version")
        guard version == 3 else {
            // A small number in the other byte order has its low bytes empty.
            let isSwapped = version != 0 && version & 0xFFFF == 0
            throw .unsupported(
                path: path, feature: isSwapped ? "byte order" : "GGUF version",
                value: isSwapped ? "big-endian" : "\(version)",
                supported: isSwapped ? "little-endian" : "3 (convert it again with a recent llama.cpp)")
        }
        let tensorCount = try cursor.count(limit: maximumEntryCount, "the number of tensors")
        let pairCount = try cursor.count(limit: maximumEntryCount, "the number of metadata pairs")
        let values = try values(pairCount, file, &cursor)
        let alignment = try alignment(values, file)
        let infos = try tensorInfos(tensorCount, file, &cursor)
        // The data begin at a multiple of the alignment. Without tensors, the padding may be missing.
        let start = (cursor.offset + alignment - 1) / alignment * alignment
        return (values, try place(infos, from: start, alignment: alignment, file))
    }

    private static func values(
        _ count: Int, _ file: MappedFile, _ cursor: inout ByteCursor
    ) throws(ModelLoadingError) -> [String: Value] {
        var values: [String: Value] = [:]
        for index in 0..<count {
            let key = try name("key \(index)", file, &cursor)
            let type = try valueType(of: key, file, &cursor)
            let value: Value
            switch type {
            case .array: value = try array(key, file, &cursor)
            case .string:
                value = .single(.string, try cursor.string(limit: maximumStringByteCount, "the value of \(key)"))
            default:
                let range = try cursor.skip(type.byteCount ?? 0, "the value of \(key)")
                try checkBools(type, range, key, file)
                value = .single(type, range)
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw .malformedFile(path: file.path, reason: "the key \(key) is there twice")
            }
        }
        return values
    }

    private static func array(
        _ key: String, _ file: MappedFile, _ cursor: inout ByteCursor
    ) throws(ModelLoadingError) -> Value {
        let type = try valueType(of: key, file, &cursor)
        let count = try cursor.count(limit: maximumArrayCount, "the number of elements of \(key)")
        let start = cursor.offset
        if type == .array {
            throw .unsupported(
                path: file.path, feature: "array of arrays", value: key, supported: "arrays of numbers and strings")
        }
        if let size = type.byteCount {
            // At most 2^24 elements of 8 bytes: no overflow.
            let range = try cursor.skip(count * size, "the elements of \(key)")
            try checkBools(type, range, key, file)
        } else {
            for index in 0..<count {
                _ = try cursor.string(limit: maximumStringByteCount, "element \(index) of \(key)")
            }
        }
        return .array(type, count: count, start..<cursor.offset)
    }

    private static func valueType(
        of key: String, _ file: MappedFile, _ cursor: inout ByteCursor
    ) throws(ModelLoadingError) -> GGUFValueType {
        let number = try cursor.integer(UInt32.self, "the type of \(key)")
        guard let type = GGUFValueType(rawValue: number) else {
            throw .malformedFile(path: file.path, reason: "\(key) has the unknown value type \(number)")
        }
        return type
    }

    private static func checkBools(
        _ type: GGUFValueType, _ range: Range<Int>, _ key: String, _ file: MappedFile
    ) throws(ModelLoadingError) {
        guard type == .bool, let bad = file.bytes[range].first(where: { $0 > 1 }) else { return }
        throw .malformedFile(path: file.path, reason: "\(key) is a truth value of \(bad); it must be 0 or 1")
    }

    /// A key or a tensor's name.
    private static func name(
        _ what: String, _ file: MappedFile, _ cursor: inout ByteCursor
    ) throws(ModelLoadingError) -> String {
        let range = try cursor.string(limit: 65_535, what)
        guard let name = String(validating: file.bytes[range], as: UTF8.self) else {
            throw .malformedFile(path: file.path, reason: "\(what) is not valid UTF-8")
        }
        return name
    }

    private static func alignment(
        _ values: [String: Value], _ file: MappedFile
    ) throws(ModelLoadingError) -> Int {
        guard let value = values["general.alignment"] else { return 32 }
        let alignment = try GGUFFile.integer(value, "general.alignment", file)
        guard alignment >= 8, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
            throw .invalidValue(
                path: file.path, field: "general.alignment", value: "\(alignment)",
                allowed: "a power of two from 8 to 1048576")
        }
        return alignment
    }

    // MARK: Tensors

    private struct TensorInfo {
        let name: String
        let type: GGUFTensorType
        let shape: [Int]
        let byteCount: Int
        /// From the start of the data.
        let offset: UInt64
    }

    private static func tensorInfos(
        _ count: Int, _ file: MappedFile, _ cursor: inout ByteCursor
    ) throws(ModelLoadingError) -> [TensorInfo] {
        let path = file.path
        var infos: [TensorInfo] = []
        for index in 0..<count {
            let name = try name("the name of tensor \(index)", file, &cursor)
            let dimensionCount = try cursor.integer(UInt32.self, "the number of dimensions of \(name)")
            guard dimensionCount <= 4 else {
                throw .malformedFile(
                    path: path, reason: "tensor \(name) has \(dimensionCount) dimensions; at most 4 are allowed")
            }
            var extents: [Int] = []
            for _ in 0..<dimensionCount {
                extents.append(try cursor.count(limit: 1 << 40, "an extent of tensor \(name)"))
            }
            let number = try cursor.integer(UInt32.self, "the element type of \(name)")
            guard let type = GGUFTensorType(number: number) else {
                throw .unsupported(
                    path: path, feature: "element type of tensor \(name):", value: "number \(number)",
                    supported: TensorElementType.names())
            }
            let offset = try cursor.integer(UInt64.self, "the offset of \(name)")
            // Rows of blocks, row by row, as many as all other extents make.
            let (blocks, rest) = (extents.first ?? 1).quotientAndRemainder(dividingBy: type.blockElementCount)
            guard rest == 0 else {
                throw .malformedFile(
                    path: path,
                    reason: "tensor \(name) of type \(type.name) has rows of \(extents.first ?? 1) numbers; "
                        + "they must be multiples of \(type.blockElementCount)")
            }
            var byteCount = blocks, overflows = false
            for factor in extents.dropFirst() + [type.blockByteCount] {
                let (product, overflow) = byteCount.multipliedReportingOverflow(by: factor)
                byteCount = product
                overflows = overflows || overflow
            }
            guard !overflows else {
                throw .malformedFile(path: path, reason: "tensor \(name) of shape \(extents) is larger than any file")
            }
            infos.append(
                TensorInfo(name: name, type: type, shape: extents.reversed(), byteCount: byteCount, offset: offset))
        }
        return infos
    }

    private static func place(
        _ infos: [TensorInfo], from start: Int, alignment: Int, _ file: MappedFile
    ) throws(ModelLoadingError) -> [String: Tensor] {
        let path = file.path, dataCount = max(0, file.bytes.count - start)
        var tensors: [String: Tensor] = [:]
        for info in infos {
            guard let offset = Int(exactly: info.offset), offset.isMultiple(of: alignment), offset <= dataCount,
                info.byteCount <= dataCount - offset
            else {
                throw .malformedFile(
                    path: path,
                    reason: "tensor \(info.name) wants \(info.byteCount) bytes at offset \(info.offset), which must be "
                        + "a multiple of \(alignment) and lie within the \(dataCount) bytes of data")
            }
            // Without data the start may lie past the end.
            let first = info.byteCount == 0 ? 0 : start + offset
            let tensor = Tensor(type: info.type, shape: info.shape, range: first..<first + info.byteCount)
            guard tensors.updateValue(tensor, forKey: info.name) == nil else {
                throw .malformedFile(path: path, reason: "the tensor \(info.name) is there twice")
            }
        }
        var end = 0
        for (name, tensor) in tensors.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound })
        where !tensor.range.isEmpty {
            guard tensor.range.lowerBound >= end else {
                throw .malformedFile(path: path, reason: "tensor \(name) overlaps the one before it")
            }
            end = tensor.range.upperBound
        }
        return tensors
    }
}
