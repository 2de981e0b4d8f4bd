import CBraidKernels
import Testing

@Suite("Storing keys and values")
struct StoreTests {
    /// A page of one layer after some slots were stored; the rest is zero.
    private func page(_ level: Level, _ shape: braid_kv_shape, _ slots: [Int], _ x: [[Float]]) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: shape.page_stride)
        for (slot, numbers) in zip(slots, x) {
            let half = numbers.count / 2
            withUnsafePointer(to: shape) {
                level.kernels.store(&page, $0, slot, Array(numbers[..<half]), Array(numbers[half...]))
            }
        }
        return page
    }

    private func element(_ page: [UInt8], _ shape: braid_kv_shape, at offset: Int, scale: Int) -> Float {
        page.withUnsafeBytes { bytes in
            switch Int(shape.type) {
            case Int(BRAID_CACHE_F32): bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
            case Int(BRAID_CACHE_F16): Float(bytes.loadUnaligned(fromByteOffset: offset, as: Float16.self))
            default:
                Float(bytes.load(fromByteOffset: offset, as: Int8.self))
                    * bytes.loadUnaligned(fromByteOffset: scale, as: Float.self)
            }
        }
    }

    @Test(
        "every number is where the header says, as near as its type allows", arguments: Level.all, AttentionTests.types)
    func storesWhereTheHeaderSays(_ level: Level, _ type: Int32) {
        var random = RandomNumbers(seed: 1)
        for (heads, dimension) in [(1, 2), (3, 10), (2, 24), (2, 64), (1, 130)] {
            let shape = braid_kv_shape_make(1, heads, dimension, type)
            let slots = [0, 7, 15, 8]
            let x = slots.map { _ in random.floats(2 * heads * dimension, range: 3) }
            let page = page(level, shape, slots, x)
            for (slot, numbers) in zip(slots, x) {
                for head in 0..<heads {
                    let start = head * shape.head_stride
                    for i in 0..<dimension {
                        let key = element(
                            page, shape, at: start + (i * 16 + slot) * shape.element_size,
                            scale: start + shape.scale_offset + slot * 4)
                        let value = element(
                            page, shape,
                            at: start + shape.value_offset + (slot * shape.value_stride + i) * shape.element_size,
                            scale: start + shape.scale_offset + (16 + slot) * 4)
                        let index = head * dimension + i
                        for (kept, given) in [(key, numbers[index]), (value, numbers[heads * dimension + index])] {
                            switch Int(type) {
                            case Int(BRAID_CACHE_F32): #expect(kept == given)
                            case Int(BRAID_CACHE_F16): #expect(kept == Float(Float16(given)))
                            default: #expect(abs(kept - given) <= 3 / 127 * 0.501)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("all levels write the same bytes, also for numbers that do not fit", arguments: AttentionTests.types)
    func levelsAgree(_ type: Int32) {
        var random = RandomNumbers(seed: 2)
        let shape = braid_kv_shape_make(1, 2, 70, type)
        var x = (0..<16).map { _ in random.floats(2 * 2 * 70, range: 1) }
        for (row, size) in [1e-8, 6e-8, 3e-5, 6.1e-5, 1000, 60000, 65503, 65504, 65519, 65520, 1e9, 1e38].enumerated() {
            x[row] = x[row].map { $0 * Float(size) }
            x[row][row] = Float(size)
        }
        x[12] = x[12].map { _ in 0 }
        x[13] = x[13].map { _ in -0.0 }
        x[14][3] = .infinity
        x[14][200] = -.infinity
        let slots = Array(0..<16)
        let expected = page(Level.all[0], shape, slots, x)
        for level in Level.vector { #expect(page(level, shape, slots, x) == expected, "\(level)") }
    }

    @Test("half precision saturates", arguments: Level.all)
    func halfPrecisionSaturates(_ level: Level) {
        let shape = braid_kv_shape_make(1, 1, 2, Int32(BRAID_CACHE_F16))
        let page = page(level, shape, [0], [[1e6, -1e6, .infinity, 65519]])
        #expect(element(page, shape, at: 0, scale: 0) == 65504)
        #expect(element(page, shape, at: 32, scale: 0) == -65504)
        #expect(element(page, shape, at: shape.value_offset, scale: 0) == 65504)
        #expect(element(page, shape, at: shape.value_offset + 2, scale: 0) == 65504)
    }

    @Test("not-a-numbers are kept as such", arguments: Level.all, AttentionTests.types)
    func keepsNotANumber(_ level: Level, _ type: Int32) {
        let shape = braid_kv_shape_make(1, 1, 4, type)
        let page = page(level, shape, [5], [[1, .nan, 2, 3, 1, 2, 3, .nan]])
        #expect(element(page, shape, at: (16 + 5) * shape.element_size, scale: shape.scale_offset + 20).isNaN)
        let last = shape.value_offset + (5 * shape.value_stride + 3) * shape.element_size
        #expect(element(page, shape, at: last, scale: shape.scale_offset + 64 + 20).isNaN)
    }

    @Test("a page is as large as its elements, and 128 bytes of scales per head for int8")
    func pageSizes() {
        let sizes = AttentionTests.types.map { braid_kv_shape_make(12, 12, 64, $0).page_stride }
        #expect(sizes == [4, 2, 1].map { 144 * 16 * 128 * $0 + ($0 == 1 ? 144 * 128 : 0) })
    }
}
