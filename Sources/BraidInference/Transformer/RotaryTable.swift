internal import Foundation

/// Cosines and sines of the rotary angles, computed as positions come.
///
/// angle(position, i) = position * frequency(i), and frequency(i) = theta^(-2i/d) before it is scaled, in f32 as
/// Transformers computes it (arXiv 2104.09864, section 3.2.2).
struct RotaryTable {
    private let frequencies: [Float]
    /// [positions, d/2].
    private(set) var cosines: [Float] = []
    /// [positions, d/2].
    private(set) var sines: [Float] = []

    /// A table for a model's heads.
    init(_ configuration: ModelConfiguration) {
        frequencies = Self.scaled(Self.plain(configuration), configuration.ropeScaling)
    }

    /// What each frequency is divided by, where no one number says it; else empty.
    static func divisors(_ configuration: ModelConfiguration) -> [Float] {
        switch configuration.ropeScaling {
        case .none, .linear: return []
        case .divisors(let divisors): return divisors
        case .llama3(let factor, let low, let high, let context):
            let dimension = configuration.headDimension
            return (0..<dimension / 2).map { index in
                let frequency = pow(configuration.ropeTheta, -2 * Double(index) / Double(dimension))
                let share = (Double(context) * frequency / (2 * .pi) - low) / (high - low)
                let kept = min(1, max(0, share))
                return Float(1 / ((1 - kept) / factor + kept))
            }
        }
    }

    /// The frequencies before they are scaled.
    private static func plain(_ configuration: ModelConfiguration) -> [Float] {
        let dimension = configuration.headDimension
        return (0..<dimension / 2).map {
            1 / powf(Float(configuration.ropeTheta), Float(2 * $0) / Float(dimension))
        }
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

    private static func scaled(_ frequencies: [Float], _ scaling: RotaryScaling) -> [Float] {
        switch scaling {
        case .none:
            return frequencies
        case .linear(let factor):
            return frequencies.map { $0 / Float(factor) }
        case .llama3(let factor, let low, let high, let context):
            return frequencies.map { frequency in
                let turns = Float(context) * frequency / (2 * .pi)
                let slowed = frequency / Float(factor)
                let share = (turns - Float(low)) / Float(high - low)
                return share <= 0 ? slowed : share >= 1 ? frequency : (1 - share) * slowed + share * frequency
            }
        case .divisors(let divisors):
            return zip(frequencies, divisors).map { $0 / $1 }
        }
    }
}
