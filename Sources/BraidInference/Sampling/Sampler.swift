internal import Braid
internal import CBraidKernels

/// Draws tokens as Transformers' logits processors do, in their order: repetition penalty, mask, temperature, top-k,
/// top-p, min-p; then one number of the thread's ``DrawSequence`` decides.
///
/// Temperature 0 takes the likeliest token, the first of equals. Where Transformers leaves ties open (top-p among equal
/// probabilities), the lower id counts as likelier.
struct Sampler {
    /// How tokens are drawn.
    let parameters: SamplingParameters
    private let draws: DrawSequence
    private let kernels: Kernels
    /// Logits after penalty and mask, then probabilities up to a factor: [vocabulary].
    private var weights: [Float] = []
    private var candidates: [Int32] = []
    /// Memory of ``keepTopK()`` and ``keepTopP()``, used again for every token.
    private var largest: [Float] = []
    private var kept: [Int32] = []

    /// Checks the parameters.
    /// - Throws: ``EngineError/invalidOption(name:value:allowed:)``.
    init(_ parameters: SamplingParameters, seed: UInt64, kernels: Kernels) throws(EngineError) {
        func check(_ name: String, _ value: Double, _ allowed: String, _ isAllowed: Bool) throws(EngineError) {
            guard isAllowed else { throw .invalidOption(name: name, value: "\(value)", allowed: allowed) }
        }
        let p = parameters
        try check("temperature", p.temperature, "0 (greedy) to 100", (0...100).contains(p.temperature))
        try check("top-k", Double(p.topK), "0 (all) or more", p.topK >= 0)
        try check("top-p", p.topP, "more than 0, at most 1 (all)", p.topP > 0 && p.topP <= 1)
        try check("min-p", p.minP, "0 (all) to 1", (0...1).contains(p.minP))
        try check(
            "repetition penalty", p.repetitionPenalty, "more than 0, at most 100; 1 is off",
            p.repetitionPenalty > 0 && p.repetitionPenalty <= 100)
        self.parameters = parameters
        self.kernels = kernels
        draws = DrawSequence(seed: seed)
    }

    /// Whether ``draw(from:position:seen:mask:)`` looks at the tokens seen.
    var needsHistory: Bool { parameters.repetitionPenalty != 1 }

    /// Draws the token that stands at `position`.
    ///
    /// - Parameters:
    ///   - logits: The model's logits: [vocabulary].
    ///   - seen: Tokens in the context, each once; empty if ``needsHistory`` is false.
    ///   - mask: Which tokens may be drawn.
    /// - Throws: ``EngineError/failed(_:)`` when the logits are not finite.
    /// - Complexity: O(vocabulary), and O(k log k) for the k candidates that top-p sorts.
    mutating func draw(
        from logits: UnsafeBufferPointer<Float>, position: Int, seen: Set<TokenID>, mask: TokenMask
    ) throws(EngineError) -> SampledToken {
        guard let base = logits.baseAddress, !logits.isEmpty else { throw .failed("the model has no vocabulary") }
        let likeliest = kernels.argmax(base, logits.count)
        let normaliser = kernels.log_sum_exp(base, logits.count, logits[likeliest])
        guard normaliser.isFinite else {
            throw .failed("the model computed logits that are not finite; its weights are damaged")
        }
        let id =
            if parameters.temperature == 0, !needsHistory, Self.allows(mask, likeliest) {
                likeliest
            } else {
                try choose(from: logits, position: position, seen: seen, mask: mask)
            }
        return SampledToken(id: TokenID(id), logProbability: min(0, logits[id] - normaliser))
    }

    private static func allows(_ mask: TokenMask, _ id: Int) -> Bool {
        switch mask {
        case .upTo(let end, let forbidden): id < end && !forbidden.contains(TokenID(id))
        case .only(let allowed): allowed.contains(TokenID(id))
        }
    }

    private mutating func choose(
        from logits: UnsafeBufferPointer<Float>, position: Int, seen: Set<TokenID>, mask: TokenMask
    ) throws(EngineError) -> Int {
        fill(from: logits, seen: seen, mask: mask)
        let best = likeliest()
        let top = weights[best]
        guard top.isFinite else { throw .failed("no token is allowed at position \(position)") }
        if parameters.temperature == 0 { return best }
        keepTopK()
        let scale = Float(1 / parameters.temperature)
        _ = weights.withUnsafeMutableBufferPointer { weights in
            weights.baseAddress.map { kernels.exponentiate($0, $0, weights.count, top, scale) }
        }
        candidates.removeAll(keepingCapacity: true)
        for index in weights.indices where weights[index] > 0 { candidates.append(Int32(index)) }
        keepTopP()
        keepMinP(of: weights[best])
        return pick(draws[position]) ?? best
    }

    /// Copies the logits, penalised and masked; forbidden ones become -infinity.
    private mutating func fill(from logits: UnsafeBufferPointer<Float>, seen: Set<TokenID>, mask: TokenMask) {
        weights.removeAll(keepingCapacity: true)
        weights.append(contentsOf: logits)
        if needsHistory {
            // Keskar et al. 2019, arXiv 1909.05858, section 4.1, as Transformers has it: the sign decides.
            let penalty = Float(parameters.repetitionPenalty)
            for token in seen where weights.indices.contains(Int(token)) {
                let score = weights[Int(token)]
                weights[Int(token)] = score < 0 ? score * penalty : score / penalty
            }
        }
        switch mask {
        case .upTo(let end, let forbidden):
            for index in min(end, weights.count)..<weights.count { weights[index] = -.infinity }
            for token in forbidden where weights.indices.contains(Int(token)) { weights[Int(token)] = -.infinity }
        case .only(let allowed):
            let scores = allowed.filter { weights.indices.contains(Int($0)) }.map { ($0, weights[Int($0)]) }
            for index in weights.indices { weights[index] = -.infinity }
            for (token, score) in scores { weights[Int(token)] = score }
        }
    }

    private func likeliest() -> Int {
        weights.withUnsafeBufferPointer { weights in
            weights.baseAddress.map { kernels.argmax($0, weights.count) } ?? 0
        }
    }

    /// Drops what is less likely than the k-th likeliest; those equal to it stay, as in Transformers.
    private mutating func keepTopK() {
        guard parameters.topK > 0, parameters.topK < weights.count else { return }
        // The k largest so far, the smallest of them first: a heap, because k is small.
        var heap: [Float] = []
        swap(&heap, &largest)
        defer { swap(&heap, &largest) }
        heap.removeAll(keepingCapacity: true)
        func sink(_ start: Int) {
            var parent = start
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { return }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { return }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        for weight in weights {
            if heap.count < parameters.topK {
                heap.append(weight)
                if heap.count == parameters.topK {
                    for start in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(start) }
                }
            } else if weight > heap[0] {
                heap[0] = weight
                sink(0)
            }
        }
        let threshold = heap[0]
        for index in weights.indices where weights[index] < threshold { weights[index] = -.infinity }
    }

    /// Holtzman et al. 2020, arXiv 1904.09751: keeps the smallest set of tokens whose probability reaches top-p.
    private mutating func keepTopP() {
        guard parameters.topP < 1, candidates.count > 1 else { return }
        let total = candidates.reduce(0.0) { $0 + Double(weights[Int($1)]) }
        let spare = (1 - parameters.topP) * total
        // Tokens below an equal share of what may go all go: together they cannot exceed it. Few remain to be sorted.
        let share = Float(spare / Double(candidates.count))
        var dropped = 0.0
        kept.removeAll(keepingCapacity: true)
        for candidate in candidates {
            let weight = weights[Int(candidate)]
            if weight < share { dropped += Double(weight) } else { kept.append(candidate) }
        }
        kept.sort { [weights] in (weights[Int($0)], $1) < (weights[Int($1)], $0) }
        let last = kept.count - 1
        var first = 0
        while first < last {
            dropped += Double(weights[Int(kept[first])])
            guard dropped <= spare else { break }
            first += 1
        }
        candidates.removeAll(keepingCapacity: true)
        candidates += kept[first...]
        candidates.sort()
    }

    /// Nguyen et al. 2024, arXiv 2407.01082: drops what is less likely than a share of the likeliest.
    private mutating func keepMinP(of top: Float) {
        guard parameters.minP > 0 else { return }
        let threshold = Float(parameters.minP) * top
        candidates.removeAll { weights[Int($0)] < threshold }
    }

    /// The candidate at a share of the summed weights, in order of ids.
    private func pick(_ share: Double) -> Int? {
        let total = candidates.reduce(0.0) { $0 + Double(weights[Int($1)]) }
        var left = share * total
        for candidate in candidates {
            left -= Double(weights[Int(candidate)])
            if left < 0 { return Int(candidate) }
        }
        return candidates.last.map(Int.init)
    }
}
