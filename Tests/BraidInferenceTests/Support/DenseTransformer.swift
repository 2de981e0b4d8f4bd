import Braid
import Foundation

@testable import BraidInference

/// The oracle: a forward pass over a whole trajectory, without any cache, in `Double`, as plainly as possible.
///
/// Every token says at which position it stands and which tokens it sees; nothing else is known about forks and joins.
struct DenseTransformer {
    let configuration: ModelConfiguration
    private let matrices: [String: [Double]]

    init(_ source: ModelSource) throws {
        configuration = source.configuration
        var matrices: [String: [Double]] = [:]
        for name in source.tensorNames { matrices[name] = try source.tensor(name).floats().map(Double.init) }
        self.matrices = matrices
    }

    /// Logits of every token: [tokens, vocabulary].
    /// - Parameter sees: Whether token `i` sees token `j`; asked for j <= i.
    func logits(_ tokens: [TokenID], positions: [Int], sees: (Int, Int) -> Bool) -> [[Double]] {
        let c = configuration
        let heads = c.headCount, group = c.headCount / c.keyValueHeadCount, d = c.headDimension
        var x = tokens.map { row("model.embed_tokens.weight", Int($0), c.hiddenSize) }
        for layer in 0..<c.layerCount {
            let name = "model.layers.\(layer)."
            let normed = x.map { norm($0, name + "input_layernorm.weight") }
            let q = zip(normed, positions).map { rotated(normedHeads(name + "self_attn.q", $0), $1) }
            let k = zip(normed, positions).map { rotated(normedHeads(name + "self_attn.k", $0), $1) }
            let v = normed.map { projected(name + "self_attn.v", $0) }
            for i in tokens.indices {
                let seen = (0...i).filter { $0 == i || sees(i, $0) }
                var attended = [Double](repeating: 0, count: heads * d)
                for head in 0..<heads {
                    let kv = head / group * d
                    let scores = seen.map { j in
                        (0..<d).reduce(0) { $0 + q[i][head * d + $1] * k[j][kv + $1] } / Double(d).squareRoot()
                    }
                    let top = scores.max() ?? 0
                    let weights = scores.map { exp($0 - top) }
                    let sum = weights.reduce(0, +)
                    for (weight, j) in zip(weights, seen) {
                        for e in 0..<d { attended[head * d + e] += weight / sum * v[j][kv + e] }
                    }
                }
                x[i] = added(x[i], projected(name + "self_attn.o", attended))
            }
            for i in tokens.indices {
                let normed = norm(x[i], name + "post_attention_layernorm.weight")
                let gate = times(name + "mlp.gate_proj.weight", normed), up = times(name + "mlp.up_proj.weight", normed)
                let inner = zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
                x[i] = added(x[i], times(name + "mlp.down_proj.weight", inner))
            }
        }
        let head = c.tiesEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"
        return x.map { times(head, norm($0, "model.norm.weight")) }
    }

    /// Logits of a plain sequence.
    func logits(_ tokens: [TokenID]) -> [[Double]] {
        logits(tokens, positions: Array(tokens.indices)) { _, _ in true }
    }

    private func row(_ name: String, _ index: Int, _ width: Int) -> [Double] {
        Array(matrices[name, default: []][index * width..<(index + 1) * width])
    }

    private func times(_ name: String, _ x: [Double]) -> [Double] {
        matrices[name, default: []].withUnsafeBufferPointer { w in
            x.withUnsafeBufferPointer { x in
                (0..<w.count / x.count).map { o in
                    var sum = 0.0
                    for i in 0..<x.count { sum += w[o * x.count + i] * x[i] }
                    return sum
                }
            }
        }
    }

    /// A projection of attention, with its bias if the checkpoint has one.
    private func projected(_ name: String, _ x: [Double]) -> [Double] {
        let y = times(name + "_proj.weight", x)
        return matrices[name + "_proj.bias"].map { added(y, $0) } ?? y
    }

    /// Queries or keys, each head normalised if the checkpoint has a norm for them.
    private func normedHeads(_ name: String, _ x: [Double]) -> [Double] {
        let y = projected(name, x), d = configuration.headDimension
        guard matrices[name + "_norm.weight"] != nil else { return y }
        return stride(from: 0, to: y.count, by: d).flatMap { norm(Array(y[$0..<$0 + d]), name + "_norm.weight") }
    }

    private func norm(_ x: [Double], _ name: String) -> [Double] {
        let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
        let factor = 1 / (mean + Double(configuration.normEpsilon)).squareRoot()
        return zip(x, matrices[name, default: []]).map { $0 * factor * $1 }
    }

    private func rotated(_ x: [Double], _ position: Int) -> [Double] {
        let d = configuration.headDimension
        var y = x
        for head in stride(from: 0, to: x.count, by: d) {
            for i in 0..<d / 2 {
                let angle = Double(position) * frequency(i)
                let (a, b) = (x[head + i], x[head + i + d / 2])
                y[head + i] = a * cos(angle) - b * sin(angle)
                y[head + i + d / 2] = b * cos(angle) + a * sin(angle)
            }
        }
        return y
    }

    private func frequency(_ i: Int) -> Double {
        let plain = pow(configuration.ropeTheta, -2 * Double(i) / Double(configuration.headDimension))
        switch configuration.ropeScaling {
        case .none: return plain
        case .linear(let factor): return plain / factor
        case .divisors(let divisors): return plain / Double(divisors[i])
        case .llama3(let factor, let low, let high, let context):
            let wavelength = 2 * Double.pi / plain
            if wavelength < Double(context) / high { return plain }
            if wavelength > Double(context) / low { return plain / factor }
            let smooth = (Double(context) / wavelength - low) / (high - low)
            return (1 - smooth) * plain / factor + smooth * plain
        }
    }

    private func added(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 + $1 } }
}
