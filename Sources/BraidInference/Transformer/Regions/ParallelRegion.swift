/// Work on a step in pieces, which the threads of a ``ComputePool`` share.
///
/// A value with all that its pieces need, which stays on the caller's stack: a closure that crosses into C would be put on
/// the heap, ten times in every layer of every token.
protocol ParallelRegion {
    /// Pieces 0..<`pieceCount`.
    var pieceCount: Int { get }

    /// Does one piece; several threads are at it at once, so it writes only what belongs to the piece.
    func compute(_ piece: Int)

    /// Does one piece of the region that lies at `place`: how C gets at a type that it cannot name.
    static func compute(_ piece: Int, of place: UnsafeRawPointer)
}

extension ParallelRegion {
    static func compute(_ piece: Int, of place: UnsafeRawPointer) {
        place.assumingMemoryBound(to: Self.self).pointee.compute(piece)
    }
}
