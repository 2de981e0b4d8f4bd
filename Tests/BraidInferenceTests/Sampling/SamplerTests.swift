import Braid
import Foundation
import Testing

@testable import BraidInference

@Suite("Sampler")
struct SamplerTests {
    private let kernels: Kernels

    init() throws {
        kernels = try #require(KernelLevel.best.kernels)
    }

    private func draw(
        _ logits: [Float], _ parameters: SamplingParameters, seed: UInt64 = 0, position: Int = 0,
        seen: Set<TokenID> = [], mask: TokenMask = .upTo(end: .max, forbidden: [])
    ) throws -> SampledToken {
        var sampler = try Sampler(parameters, seed: seed, kernels: kernels)
        return try logits.withUnsafeBufferPointer {
            try sampler.draw(from: $0, position: position, seen: seen, mask: mask)
        }
    }

    /// The tokens that Transformers would keep, with their probabilities: each processor written out as it is there.
    private func oracle(
        _ logits: [Float], _ p: SamplingParameters, seen: Set<TokenID>, mask: TokenMask
    ) -> [Int: Double] {
        var scores = logits.map(Double.init)
        for token in seen {
            let score = scores[Int(token)]
            scores[Int(token)] = score < 0 ? score * p.repetitionPenalty : score / p.repetitionPenalty
        }
        for index in scores.indices {
            let isAllowed =
                switch mask {
                case .upTo(let end, let forbidden): index < end && !forbidden.contains(TokenID(index))
                case .only(let allowed): allowed.contains(TokenID(index))
                }
            if !isAllowed { scores[index] = -.infinity }
        }
        scores = scores.map { $0 / p.temperature }
        func probabilities() -> [Double] {
            let top = scores.max() ?? 0
            let weights = scores.map { exp($0 - top) }
            let sum = weights.reduce(0, +)
            return weights.map { $0 / sum }
        }
        if p.topK > 0 {
            let threshold = scores.sorted(by: >)[min(p.topK, scores.count) - 1]
            scores = scores.map { $0 < threshold ? -.infinity : $0 }
        }
        if p.topP < 1 {
            let shares = probabilities()
            let order = scores.indices.sorted { (scores[$0], $1) < (scores[$1], $0) }
            var sum = 0.0
            for index in order.dropLast() {
                sum += shares[index]
                if sum <= 1 - p.topP { scores[index] = -.infinity }
            }
        }
        let shares = probabilities()
        let top = shares.max() ?? 0
        scores = zip(scores, shares).map { $1 < p.minP * top ? -.infinity : $0 }
        return Dictionary(uniqueKeysWithValues: probabilities().enumerated().filter { $0.element > 0 }.map { ($0, $1) })
    }

    @Test("draws follow the distribution that Transformers' processors leave", arguments: 0..<60)
    func followsTheOracle(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let count = [5, 16, 40, 203][seed % 4]
        let logits = (0..<count).map { _ in Float.random(in: -4...4, using: &random) }
        let parameters = SamplingParameters(
            temperature: [0.5, 1, 2][seed % 3], topK: [0, 0, 3, 20][seed / 2 % 4], topP: [1, 0.9, 0.5][seed / 3 % 3],
            minP: [0, 0, 0.1][seed / 5 % 3], repetitionPenalty: [1, 1.3][seed / 7 % 2])
        let seen = Set((0..<5).map { _ in TokenID(Int.random(in: 0..<count, using: &random)) })
        let mask: TokenMask =
            switch seed % 3 {
            case 0: .upTo(end: count, forbidden: [])
            case 1: .upTo(end: count - 1, forbidden: [0, 2])
            default: .only([1, 3, 4])
            }
        let penalised = parameters.repetitionPenalty == 1 ? [] : seen
        let expected = oracle(logits, parameters, seen: penalised, mask: mask)
        var sampler = try Sampler(parameters, seed: UInt64(seed), kernels: kernels)
        var counts: [Int: Int] = [:]
        let draws = 4000
        for position in 0..<draws {
            let token = try logits.withUnsafeBufferPointer {
                try sampler.draw(from: $0, position: position, seen: penalised, mask: mask)
            }
            counts[Int(token.id), default: 0] += 1
        }
        for (token, count) in counts {
            let share = try #require(expected[token], "token \(token) was drawn and should have been dropped")
            let deviation = (Double(draws) * share * (1 - share)).squareRoot()
            #expect(abs(Double(count) - Double(draws) * share) <= 5 * deviation + 1)
        }
        for (token, share) in expected where share > 0.01 { #expect(counts[token] != nil, "token \(token)") }
    }

    @Test("greedy takes the first of the likeliest, within the mask")
    func greedy() throws {
        #expect(try draw([1, 3, 3, 2], .greedy).id == 1)
        #expect(try draw([1, 3, 3, 2], .greedy, mask: .upTo(end: 4, forbidden: [1])).id == 2)
        #expect(try draw([1, 3, 3, 2], .greedy, mask: .only([3, 0])).id == 3)
        #expect(try draw([1, 3, 3, 2], .greedy, mask: .upTo(end: 1, forbidden: [])).id == 0)
        #expect(try draw([1, 3, 2.9, 2], SamplingParameters(repetitionPenalty: 2), seen: [1]).id == 2)
    }

    @Test("a draw depends on seed and position alone")
    func reproducible() throws {
        let logits = (0..<100).map { sin(Float($0)) }
        let parameters = SamplingParameters(temperature: 1, topP: 0.95)
        func tokens(_ seed: UInt64, _ positions: [Int]) throws -> [TokenID] {
            var sampler = try Sampler(parameters, seed: seed, kernels: kernels)
            return try positions.map { position in
                try logits.withUnsafeBufferPointer {
                    try sampler.draw(from: $0, position: position, seen: [], mask: .upTo(end: 100, forbidden: [])).id
                }
            }
        }
        let forward = try tokens(7, Array(0..<50))
        #expect(try tokens(7, (0..<50).reversed()) == forward.reversed())
        #expect(try tokens(8, Array(0..<50)) != forward)
        #expect(Set(forward).count > 10)
    }

    @Test("the log-probability is that of the model, whatever the sampling")
    func logProbability() throws {
        let logits: [Float] = [1, 2, 3, -1]
        let sum = logits.map { exp(Double($0)) }.reduce(0, +)
        let token = try draw(
            logits, SamplingParameters(temperature: 0.1, repetitionPenalty: 3), seen: [2], mask: .only([3]))
        #expect(token.id == 3)
        #expect(abs(Double(token.logProbability) - (-1 - log(sum))) < 1e-6)
    }

    @Test("numbers outside their range are refused, by name")
    func refusesBadParameters() {
        for (parameters, name) in [
            (SamplingParameters(temperature: -1), "temperature"),
            (SamplingParameters(temperature: .nan), "temperature"),
            (SamplingParameters(topK: -1), "top-k"), (SamplingParameters(topP: 0), "top-p"),
            (SamplingParameters(topP: 1.5), "top-p"), (SamplingParameters(minP: 2), "min-p"),
            (SamplingParameters(repetitionPenalty: 0), "repetition penalty"),
        ] {
            let error = #expect(throws: EngineError.self) { try Sampler(parameters, seed: 0, kernels: self.kernels) }
            #expect(error.map { "\($0)".hasPrefix(name) } == true)
        }
    }

    @Test("damaged logits are an error, not a token")
    func refusesDamage() {
        for logits: [Float] in [[1, .nan], [.nan, .nan], [.infinity, 0], [], [-.infinity, -.infinity]] {
            #expect(throws: EngineError.self) { try self.draw(logits, .greedy) }
            #expect(throws: EngineError.self) { try self.draw(logits, SamplingParameters(temperature: 1)) }
        }
        #expect(throws: EngineError.self) { try self.draw([1, 2], .greedy, mask: .upTo(end: 0, forbidden: [])) }
    }

    @Test("draws are spread evenly")
    func drawsAreUniform() {
        let draws = DrawSequence(seed: 3)
        var bins = [Int](repeating: 0, count: 16)
        for index in 0..<16_000 {
            let draw = draws[index]
            #expect(draw >= 0 && draw < 1)
            bins[Int(draw * 16)] += 1
        }
        for bin in bins { #expect(abs(bin - 1000) < 200) }
    }
}
