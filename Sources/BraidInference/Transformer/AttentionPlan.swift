internal import CBraidKernels

/// Which rows of a step attend to which runs together: made once per step, walked by every layer. A pure value, which is
/// made again and again so that it need not allocate.
///
/// The contexts' runs form a tree: what views have in common from their beginning is one span, met by all their rows at
/// once, and each goes on by itself where it differs.
///
///     thread 1  [P0][P1][P2][P7]          span [P0][P1]   rows 1, 2, 3
///     thread 2  [P0][P1][P2][P8]    ->    span [P2]       rows 1, 2
///     thread 3  [P0][P1][P9]              span [P7]       row 1        span [P8]  row 2       span [P9]  row 3
///
/// A row's spans follow each other in the order of its view, so its numbers are summed as if it were alone.
struct AttentionPlan {
    /// Rows that one piece of work takes through their spans, for one kv head.
    struct Part {
        /// Indices into ``AttentionPlan/rows``.
        let rows: Range<Int>
        /// Indices into ``AttentionPlan/spans``.
        let spans: Range<Int>
    }

    /// Queries of a part: enough to pay for loading a page, few enough that their sums stay in the first-level cache.
    private static let queriesPerPart = 32

    /// All rows of the step; those that share more stand closer together.
    private(set) var rows: [braid_attention_row] = []
    /// The spans, part after part; their rows are counted from the part's first one.
    private(set) var spans: [braid_attention_span] = []
    /// The runs of all spans; what is shared is there once.
    private(set) var runs: [KVRun] = []
    /// The pieces of work.
    private(set) var parts: [Part] = []
    /// Where each row's query lies, by its index in the batch: a row with one rotation keeps its place, one with several
    /// has them one after the other behind all rows.
    private(set) var queries: [Int] = []
    /// Rows of the query matrix.
    private(set) var queryCount = 0

    /// The tree's spans.
    private var tree: [braid_attention_span] = []
    /// The context that comes after each in its branch, or -1: a branch is a list through these.
    private var following: [Int] = []
    /// Branches that are still to be walked, by their first and last contexts; those of one fork together.
    private var branches: [(first: Int, last: Int)] = []
    /// The branches of the fork that is looked at, by their first runs.
    private var known: [Branch: Int] = [:]

    /// Plans a step, in place of the one before, whose memory is used again.
    ///
    /// - Parameters:
    ///   - batch: Its rows and their views.
    ///   - group: Query heads per kv head.
    ///   - minimumParts: How many parts there should be at least, if there are so many rows.
    /// - Complexity: O(contexts x shared runs + runs), a comparison each.
    mutating func make(for batch: ForwardBatch, group: Int, minimumParts: Int = 1) {
        rows.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
        queries.removeAll(keepingCapacity: true)
        tree.removeAll(keepingCapacity: true)
        queryCount = batch.rows.count
        for (index, row) in batch.rows.enumerated() {
            let rotations = batch.contexts[row.context].shifts.count
            queries.append(rotations == 1 ? index : queryCount)
            if rotations > 1 { queryCount += rotations }
        }
        following.removeAll(keepingCapacity: true)
        var first = -1
        var last = -1
        for (context, entry) in batch.contexts.enumerated() {
            following.append(-1)
            guard !entry.rows.isEmpty else { continue }
            if last >= 0 { following[last] = context } else { first = context }
            last = context
        }
        if first >= 0 { branch(first, of: batch, from: 0, before: 0) }
        cut(max((rows.count * group + Self.queriesPerPart - 1) / Self.queriesPerPart, minimumParts))
    }

    /// Adds the spans of contexts whose views are the same up to run `start`, and their rows.
    /// - Parameter head: The first of the contexts; the others are those ``following`` it.
    private mutating func branch(_ head: Int, of batch: ForwardBatch, from start: Int, before: Int) {
        let first = batch.contexts[head]
        var visible = 0
        var rowCount = 0
        var end = first.runs.count
        var context = head
        while context >= 0 {
            let entry = batch.contexts[context]
            visible = max(visible, entry.rows.last.map { batch.rows[$0].visible } ?? 0)
            rowCount += entry.rows.count
            if context != head { end = Self.sharedEnd(first.runs, entry.runs, from: start, to: end) }
            context = following[context]
        }
        // What nobody sees yet is left out: the rest of a chunk that comes in several steps.
        let firstRun = runs.count
        var covered = before
        var next = start
        while next < end, covered < visible {
            runs.append(first.runs[next])
            covered += Int(first.runs[next].count)
            next += 1
        }
        if next > start {
            tree.append(
                braid_attention_span(
                    first_row: Int32(rows.count), row_count: Int32(rowCount), first_run: Int32(firstRun),
                    run_count: Int32(next - start), before: Int32(before)))
        }
        guard following[head] >= 0 else { return append(first.rows, of: batch) }

        let firstBranch = branches.count
        known.removeAll(keepingCapacity: true)
        context = head
        while context >= 0 {
            let after = following[context]
            following[context] = -1
            let entry = batch.contexts[context]
            if covered >= visible || next == entry.runs.count {
                append(entry.rows, of: batch)
            } else if let index = known[Branch(entry.runs[next])] {
                following[branches[index].last] = context
                branches[index].last = context
            } else {
                known[Branch(entry.runs[next])] = branches.count
                branches.append((context, context))
            }
            context = after
        }
        let endOfBranches = branches.count
        for index in firstBranch..<endOfBranches {
            branch(branches[index].first, of: batch, from: next, before: covered)
        }
        branches.removeLast(endOfBranches - firstBranch)
    }

    private mutating func append(_ range: Range<Int>, of batch: ForwardBatch) {
        for row in range {
            rows.append(
                braid_attention_row(
                    query: Int32(queries[row]), output: Int32(row), visible: Int32(batch.rows[row].visible)))
        }
    }

    /// The first index at which two lists of runs differ, at most `end`.
    private static func sharedEnd(_ a: [KVRun], _ b: [KVRun], from start: Int, to end: Int) -> Int {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                let end = min(end, b.count)
                // Forked contexts have the very same array until one of them writes.
                guard a.baseAddress != b.baseAddress else { return end }
                var index = start
                while index < end, Branch(a[index]) == Branch(b[index]) { index += 1 }
                return index
            }
        }
    }

    /// Cuts the rows into parts of about equal size, and the spans with them.
    private mutating func cut(_ count: Int) {
        let count = min(count, rows.count)
        for part in 0..<count {
            let range = part * rows.count / count..<(part + 1) * rows.count / count
            let firstSpan = spans.count
            for var span in tree {
                let shared = range.clamped(to: Int(span.first_row)..<Int(span.first_row + span.row_count))
                guard !shared.isEmpty else { continue }
                span.first_row = Int32(shared.lowerBound - range.lowerBound)
                span.row_count = Int32(shared.count)
                spans.append(span)
            }
            parts.append(Part(rows: range, spans: firstSpan..<spans.count))
        }
    }

    /// What tells the branches of a tree apart.
    private struct Branch: Hashable {
        let page: Int32
        let first: UInt16
        let count: UInt16
        let rotation: Int32

        init(_ run: KVRun) {
            (page, first, count, rotation) = (run.page, run.first, run.count, run.rotation)
        }
    }
}
