import CBraidKernels
import Testing

/// A kernel level of this processor.
struct Level: Sendable, CustomTestStringConvertible {
    let number: Int32

    var testDescription: String { String(cString: braid_level_name(number)) }
    var kernels: braid_kernels { braid_kernels_for(number)!.pointee }

    static let all = (0..<Int32(BRAID_LEVEL_COUNT)).filter { braid_kernels_for($0) != nil }.map(Level.init)
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
        bytes.withUnsafeBytes { bytes in
            var matrix = braid_matrix(
                elements: bytes.baseAddress! + offset, type: type, rows: rows, columns: columns)
            return body(&matrix)
        }
    }
}
