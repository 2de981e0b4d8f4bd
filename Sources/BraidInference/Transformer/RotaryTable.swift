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
        let dimension = configuration.headDimension
        let plain = (0..<dimension / 2).map {
            1 / powf(Float(configuration.ropeTheta), Float(2 * $0) / Float(dimension))
        }
        frequencies = Self.scaled(plain, configuration.ropeScaling)
    }

    /// Elements per position.
    var width: Int { frequencies.count }

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
