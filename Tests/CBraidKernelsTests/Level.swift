import CBraidKernels
import Testing

/// A kernel level of this processor.
///
/// `@unchecked Sendable`: a table of C functions, which are constant.
struct Level: @unchecked Sendable, CustomTestStringConvertible {
    let number: Int32

    var testDescription: String { String(cString: braid_level_name(number)) }
    let kernels: braid_kernels

    static let all = (0..<Int32(BRAID_LEVEL_COUNT)).compactMap { number in
        braid_kernels_for(number).map { Level(number: number, kernels: $0.pointee) }
    }
    static let vector = all.filter { $0.number != Int32(BRAID_LEVEL_SCALAR) }
}

/// Weights as a file holds them: possibly at an odd address.
struct Weights {
    let bytes: [UInt8]
    let type: Int32
    let values: [Float]

    init(_ values: [Float], type: Int, misaligned: Bool = false) {
        self.type = Int32(type)
        var bytes: [UInt8] = misaligned ? [0xEE] : []
        if type == BRAID_WEIGHT_F32 {
            self.values = values
            for value in values { withUnsafeBytes(of: value) { bytes += $0 } }
        } else {
            let halves = values.map { UInt16($0.bitPattern >> 16) }
            self.values = halves.map { Float(bitPattern: UInt32($0) << 16) }
            for half in halves { withUnsafeBytes(of: half) { bytes += $0 } }
        }
        self.bytes = bytes
        offset = misaligned ? 1 : 0
    }

    private let offset: Int

    func withMatrix<Result>(_ rows: Int, _ columns: Int, _ body: (UnsafePointer<braid_matrix>) -> Result) -> Result {
        (bytes + [0]).withUnsafeBytes { bytes in
            // The kernels never get a null pointer, not even for nothing.
            let elements = bytes.baseAddress.map { $0 + offset } ?? UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped
            var matrix = braid_matrix(elements: elements, type: type, rows: rows, columns: columns)
            return body(&matrix)
        }
    }
}
