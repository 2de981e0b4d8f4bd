/// Merges tokens two at a time, always the pair of the lowest rank and of those the leftmost, until no pair merges.
///
/// Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", arXiv 1508.07909, section 3.2.
struct MergeEncoder: Sendable {
    let merges: MergeTable

    /// Up to this many tokens, a scan for the best pair beats the queue.
    private static let scanLimit = 24

    /// Appends what `symbols` merge into to `tokens`; `symbols` is used as scratch space.
    ///
    /// - Complexity: O(n log n) in the number of symbols, for any merges: a megabyte of one letter costs a megabyte of
    ///   ordinary text times a small factor.
    func encode(_ symbols: UnsafeMutableBufferPointer<Int32>, into tokens: inout [Int32]) {
        switch symbols.count {
        case 0: return
        case 1: tokens.append(symbols[0])
        case ...Self.scanLimit: encodeByScan(symbols, into: &tokens)
        default: encodeByQueue(symbols, into: &tokens)
        }
    }

    private func encodeByScan(_ symbols: UnsafeMutableBufferPointer<Int32>, into tokens: inout [Int32]) {
        let none = MergeTable.Merge(rank: .max, result: -1)
        withUnsafeTemporaryAllocation(of: MergeTable.Merge.self, capacity: symbols.count) { pairs in
            var count = symbols.count
            for index in 0..<count - 1 {
                pairs.initializeElement(at: index, to: merges[symbols[index], symbols[index + 1]] ?? none)
            }
            while count > 1 {
                var best = 0
                for index in 1..<count - 1 where pairs[index].rank < pairs[best].rank { best = index }
                guard pairs[best].result >= 0 else { break }
                symbols[best] = pairs[best].result
                for index in best + 1..<count - 1 { symbols[index] = symbols[index + 1] }
                if best + 1 < count - 1 {
                    for index in best + 1..<count - 2 { pairs[index] = pairs[index + 1] }
                }
                count -= 1
                if best > 0 { pairs[best - 1] = merges[symbols[best - 1], symbols[best]] ?? none }
                if best < count - 1 { pairs[best] = merges[symbols[best], symbols[best + 1]] ?? none }
            }
            tokens.append(contentsOf: symbols[..<count])
        }
    }

    /// A token in a doubly linked list; -1 is no neighbour. A token that was merged into the one before it has id -1.
    private struct Symbol {
        var id: Int32
        var previous: Int32
        var next: Int32
    }

    private func encodeByQueue(_ piece: UnsafeMutableBufferPointer<Int32>, into tokens: inout [Int32]) {
        // More than 2^31 symbols cannot be linked by Int32; what lies beyond is encoded by itself.
        guard piece.count < Int(Int32.max) else {
            let half = piece.count / 2
            encode(UnsafeMutableBufferPointer(rebasing: piece[..<half]), into: &tokens)
            encode(UnsafeMutableBufferPointer(rebasing: piece[half...]), into: &tokens)
            return
        }
        var symbols: [Symbol] = []
        symbols.reserveCapacity(piece.count)
        for index in 0..<piece.count {
            let next = index + 1 < piece.count ? Int32(truncatingIfNeeded: index + 1) : -1
            symbols.append(Symbol(id: piece[index], previous: Int32(truncatingIfNeeded: index - 1), next: next))
        }
        var queue = MergeQueue()
        for index in 0..<symbols.count - 1 {
            if let merge = merges[symbols[index].id, symbols[index + 1].id] {
                queue.insert(rank: merge.rank, position: UInt32(truncatingIfNeeded: index))
            }
        }
        while let (rank, position) = queue.removeFirst() {
            let left = Int(position)
            guard symbols[left].id >= 0, symbols[left].next >= 0 else { continue }
            let right = Int(symbols[left].next)
            // Either symbol may have been merged since this entry was made; then the pair has another rank or none.
            guard let merge = merges[symbols[left].id, symbols[right].id], merge.rank == rank else { continue }
            symbols[left].id = merge.result
            symbols[left].next = symbols[right].next
            symbols[right].id = -1
            if symbols[left].next >= 0 {
                let next = Int(symbols[left].next)
                symbols[next].previous = Int32(truncatingIfNeeded: left)
                if let merge = merges[symbols[left].id, symbols[next].id] {
                    queue.insert(rank: merge.rank, position: position)
                }
            }
            if symbols[left].previous >= 0 {
                let previous = symbols[left].previous
                if let merge = merges[symbols[Int(previous)].id, symbols[left].id] {
                    queue.insert(rank: merge.rank, position: UInt32(bitPattern: previous))
                }
            }
        }
        for symbol in symbols where symbol.id >= 0 { tokens.append(symbol.id) }
    }
}
