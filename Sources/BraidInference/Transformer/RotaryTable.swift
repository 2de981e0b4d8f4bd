internal import Foundation

/// Cosines and sines of the rotary angles, computed as positions come.
///
/// angle(position, i) = position * theta^(-2i/d), in f32 as Transformers computes it (arXiv 2104.09864, section 3.2.2).
struct RotaryTable {
    private let frequencies: [Float]
    /// [positions, d/2].
    private(set) var cosines: [Float] = []
    /// [positions, d/2].
    private(set) var sines: [Float] = []

    /// A table for heads of `headDimension`.
    init(headDimension: Int, theta: Double) {
        frequencies = (0..<headDimension / 2).map { 1 / powf(Float(theta), Float(2 * $0) / Float(headDimension)) }
    }

    /// Elements per position.
    var width: Int { frequencies.count }

    /// Calls `body` with the cosines and the sines of a position, negative ones included; its size must be in the table.
    func withAngles(of position: Int, _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void) {
        let range = abs(position) * width..<(abs(position) + 1) * width
        cosines.withUnsafeBufferPointer { cosines in
            sines.withUnsafeBufferPointer { sines in
                let cosine = UnsafeBufferPointer(rebasing: cosines[range]).baseAddress
                let sine = UnsafeBufferPointer(rebasing: sines[range])
                guard let cosine, let first = sine.baseAddress else { return }
                guard position < 0 else { return body(cosine, first) }
                withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { negated in
                    _ = negated.initialize(from: sine.lazy.map { -$0 })
                    if let first = negated.baseAddress { body(cosine, first) }
                }
            }
        }
    }

    /// Makes sure that positions 0..<`end` are there.
    mutating func extend(to end: Int) {
        guard end * width > cosines.count else { return }
        // In steps, so that decoding does not grow the arrays at every token.
        let start = cosines.count / max(1, width)
        for position in start..<(end + 255) / 256 * 256 {
            for frequency in frequencies {
                let angle = Float(position) * frequency
                cosines.append(cosf(angle))
                sines.append(sinf(angle))
            }
        }
    }
}
