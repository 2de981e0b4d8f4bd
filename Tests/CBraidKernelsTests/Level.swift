import CBraidKernels
import Testing

/// A kernel level of this processor.
///
/// `@unchecked Sendable`: a table of C functions, which are constant.
struct Level: @unchecked Sendable, CustomTestStringConvertible {
    let number: Int32

    var testDescription: String { "\(String(cString: braid_level_name(number))), features \(kernels.features)" }
    let kernels: braid_kernels

    static let all = (0..<Int32(BRAID_LEVEL_COUNT)).compactMap { number in
        braid_kernels_for(number).map { Level(number: number, kernels: $0.pointee) }
    }
    /// Every table that this processor can run: each level, with and without what some processors lack.
    static let tables = (0..<Int32(BRAID_LEVEL_COUNT)).flatMap { number in
        (0...Int32(BRAID_FEATURE_ALL)).compactMap { features -> Level? in
            guard let table = braid_kernels_limited_to(number, features), table.pointee.features == features else {
                return nil
            }
            return Level(number: number, kernels: table.pointee)
        }
    }
    static let vector = all.filter { $0.number != Int32(BRAID_LEVEL_SCALAR) }
}

/// Arranged weights, and the numbers that they stand for.
struct Weights {
    let type: Int32
    let rows: Int
    let columns: Int
    /// [rows, columns], after rounding or quantising.
    let values: [Float]
    private let arranged: [UInt8]

    /// - Parameter misaligned: Whether the source, and what is arranged, lie at odd addresses.
    init(_ values: [Float], rows: Int, columns: Int, type: Int, misaligned: Bool = false) {
        let type = Int32(type)
        let rowBytes = braid_row_bytes(columns, type)
        let offset = misaligned ? 1 : 0
        var source = [UInt8](repeating: 0xEE, count: offset + rows * rowBytes + 1)
        source.withUnsafeMutableBytes { source in
            for row in 0..<rows {
                let part = Array(values[row * columns..<(row + 1) * columns])
                let place = UnsafeMutableRawPointer(mutating: Self.address(source)) + offset + row * rowBytes
                switch Int(type) {
                case BRAID_WEIGHT_F32:
                    part.withUnsafeBytes { place.copyMemory(from: Self.address($0), byteCount: $0.count) }
                case BRAID_WEIGHT_Q8, BRAID_WEIGHT_Q4: braid_quantize(place, part, columns, type)
                default:
                    for (column, value) in part.enumerated() {
                        place.storeBytes(
                            of: UInt16(value.bitPattern >> 16), toByteOffset: 2 * column, as: UInt16.self)
                    }
                }
            }
        }
        self.init(blocks: Array(source[offset...]), rows: rows, columns: columns, type: type, misaligned: misaligned)
    }

    /// Takes rows as a file has them.
    init(blocks source: [UInt8], rows: Int, columns: Int, type: Int32, misaligned: Bool = false) {
        self.type = type
        self.rows = rows
        self.columns = columns
        offset = misaligned ? 1 : 0
        var arranged = [UInt8](repeating: 0xEE, count: offset + braid_arranged_bytes(rows, columns, type) + 1)
        for group in 0..<(rows + 15) / 16 {
            source.withUnsafeBytes { source in
                arranged.withUnsafeMutableBytes {
                    braid_arrange(
                        UnsafeMutableRawPointer(mutating: Self.address($0)) + (misaligned ? 1 : 0),
                        Self.address(source) + group * 16 * braid_row_bytes(columns, type), rows, columns, type, group)
                }
            }
        }
        self.arranged = arranged
        var values: [Float] = []
        for row in 0..<rows {
            var x = [Float](repeating: .nan, count: columns + 1)
            Self.withMatrix(arranged, offset, type, rows, columns) { matrix in
                Level.all[0].kernels.widen(&x, matrix, row)
            }
            values += x.dropLast()
        }
        self.values = values
    }

    private let offset: Int

    /// The kernels never get a null pointer, not even for nothing.
    private static func address(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
        bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped
    }

    private static func address(_ bytes: UnsafeMutableRawBufferPointer) -> UnsafeRawPointer {
        address(UnsafeRawBufferPointer(bytes))
    }

    func withMatrix<Result>(_ body: (UnsafePointer<braid_matrix>) -> Result) -> Result {
        Self.withMatrix(arranged, offset, type, rows, columns, body)
    }

    private static func withMatrix<Result>(
        _ arranged: [UInt8], _ offset: Int, _ type: Int32, _ rows: Int, _ columns: Int,
        _ body: (UnsafePointer<braid_matrix>) -> Result
    ) -> Result {
        arranged.withUnsafeBytes { bytes in
            var matrix = braid_matrix(elements: address(bytes) + offset, type: type, rows: rows, columns: columns)
            return body(&matrix)
        }
    }
}
