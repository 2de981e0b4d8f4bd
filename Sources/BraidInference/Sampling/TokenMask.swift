internal import Braid

/// Which tokens may be drawn.
enum TokenMask: Sendable, Hashable {
    /// Ids below `end`, but for those `forbidden`.
    case upTo(end: Int, forbidden: [TokenID])
    /// These alone; not empty.
    case only([TokenID])
}
