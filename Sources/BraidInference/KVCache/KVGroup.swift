/// Contexts of the cache that see each other as they grow. A pure value: it names them and puts views together.
///
/// Each part of what members see is a context of its own in the cache, written from position 0 on, and no key is ever
/// moved: a view is a list of parts, each seen at the positions where the member has it.
///
///     common  [prompt][what was published ...]
///     text    [read once, by itself]
///     own     [member 0]  [member 1]  ...
///
///     consecutive: member 0 sees   [common][text][own 1][text][own 0]       positions count on from part to part
///                  member 1 sees   [common][text][own 0][text][own 1]
///     slots:       member 0 sees   [common][own 1][own 0]                   own n at n * length after the common part
///
/// A member's own tokens come last in its view, so a row sees what stands before it there: all of the others, those of
/// the same pass included, and its own up to itself.
struct KVGroup: Sendable {
    /// What stands between the common beginning and the member's own tokens.
    enum Part: Hashable, Sendable {
        case text(ContextID)
        case others
    }

    /// As `GroupView`, with the texts read.
    enum Layout: Hashable, Sendable {
        case consecutive([Part])
        case slots(length: Int)
    }

    let layout: Layout
    /// The common beginning.
    let common: ContextID
    /// What each member has written and not published.
    private(set) var own: [ContextID]

    /// Starts members without tokens on a common beginning.
    init(_ layout: Layout, common: ContextID, count: Int, in cache: inout KVCache) {
        self.layout = layout
        self.common = common
        own = (0..<count).map { _ in cache.open() }
    }

    /// All contexts that belong to it.
    var contexts: [ContextID] {
        guard case .consecutive(let parts) = layout else { return [common] + own }
        let texts = parts.compactMap { if case .text(let context) = $0 { context } else { nil } }
        return [common] + texts + own
    }

    /// What a member sees now, and where its own tokens stand in it.
    /// - Complexity: O(runs).
    func view(of member: Int, in cache: KVCache) throws(KVCacheError) -> (view: ContextView, place: ContextPlace) {
        var view = try cache.view(of: common)
        let start = view.nextPosition
        let others = own.indices.filter { $0 != member }
        switch layout {
        case .consecutive(let parts):
            for part in parts {
                switch part {
                case .text(let context): view.adopt(try cache.view(of: context), shiftedBy: view.nextPosition)
                case .others:
                    for other in others { view.adopt(try cache.view(of: own[other]), shiftedBy: view.nextPosition) }
                }
            }
            let place = ContextPlace(position: view.nextPosition, index: view.tokenCount)
            view.adopt(try cache.view(of: own[member]), shiftedBy: place.position)
            return (view, place)
        case .slots(let length):
            for other in others { view.adopt(try cache.view(of: own[other]), shiftedBy: start + other * length) }
            let place = ContextPlace(position: start + member * length, index: view.tokenCount)
            view.adopt(try cache.view(of: own[member]), shiftedBy: place.position)
            return (view, place)
        }
    }

    /// Moves what a member has written to the end of the common beginning, without touching a key.
    mutating func publish(_ member: Int, in cache: inout KVCache) throws(KVCacheError) {
        try cache.adopt(own[member], into: common)
        own[member] = cache.open()
    }

    /// Gives everything back.
    func release(in cache: inout KVCache) {
        for context in contexts { cache.release(context) }
    }
}
