import Braid

@testable import BraidInference

/// A group of contexts on a transformer that is driven by hand.
struct CachedGroup {
    let cached: CachedTransformer
    private(set) var blocks: KVGroup

    /// Makes a group on a context.
    /// - Parameter parts: What stands between the common beginning and the own tokens, nil for the others; nil for slots.
    init(_ context: ContextID, of cached: CachedTransformer, count: Int, parts: [[TokenID]?]?, length: Int = 0) throws {
        self.cached = cached
        let layout: KVGroup.Layout
        if let parts {
            layout = .consecutive(
                try parts.map { part in
                    guard let part else { return .others }
                    let text = cached.cache.open()
                    _ = try cached.extend(text, part)
                    return .text(text)
                })
        } else {
            layout = .slots(length: length)
        }
        let common = try cached.cache.share(context)
        blocks = KVGroup(layout, common: common, count: count, in: &cached.cache)
    }

    /// One pass over what members are given; logits of all their rows.
    func step(_ work: [(member: Int, tokens: [TokenID])]) throws -> [[[Float]]] {
        let reservations = try work.map { try cached.cache.append($0.tokens.count, to: blocks.own[$0.member]) }
        var batch = ForwardBatch()
        var ranges: [Range<Int>] = []
        for ((member, tokens), reservation) in zip(work, reservations) {
            let (view, place) = try blocks.view(of: member, in: cached.cache)
            ranges.append(batch.append(tokens, at: reservation, in: view, place: place, logits: .all))
        }
        let logits = cached.transformer.forward(batch)
        return ranges.map { $0.map { Array(logits[$0]) } }
    }

    mutating func publish(_ member: Int) throws {
        try blocks.publish(member, in: &cached.cache)
    }

    func release() {
        blocks.release(in: &cached.cache)
    }
}
