/// The merges that could be made, best first: a binary heap of (rank, position), each pair packed into one number.
///
/// A heap of our own because the embedded engine is built without any dependency, so that a first answer comes soon
/// after a clone.
struct MergeQueue {
    private var heap: [UInt64] = []

    /// Adds a merge.
    ///
    /// - Complexity: O(log n).
    mutating func insert(rank: UInt32, position: UInt32) {
        heap.append(UInt64(rank) << 32 | UInt64(position))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the merge of the lowest rank, and of those the leftmost.
    ///
    /// - Complexity: O(log n).
    mutating func removeFirst() -> (rank: UInt32, position: UInt32)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { break }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        return (UInt32(truncatingIfNeeded: first >> 32), UInt32(truncatingIfNeeded: first))
    }
}
