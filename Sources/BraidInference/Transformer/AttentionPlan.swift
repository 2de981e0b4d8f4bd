internal import CBraidKernels

/// Which rows of a step attend to which runs together: made once per step, walked by every layer. A pure value.
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
    private(set) var queryCount: Int

    /// Plans a step.
    ///
    /// - Parameters:
    ///   - batch: Its rows and their views.
    ///   - group: Query heads per kv head.
    ///   - minimumParts: How many parts there should be at least, if there are so many rows.
    /// - Complexity: O(contexts x shared runs + runs), a comparison each.
    init(_ batch: ForwardBatch, group: Int, minimumParts: Int = 1) {
        queryCount = batch.rows.count
        queries.reserveCapacity(batch.rows.count)
        for (index, row) in batch.rows.enumerated() {
            let rotations = batch.contexts[row.context].shifts.count
            queries.append(rotations == 1 ? index : queryCount)
            if rotations > 1 { queryCount += rotations }
        }
        rows.reserveCapacity(batch.rows.count)
        var tree: [braid_attention_span] = []
        let contexts = batch.contexts.indices.filter { !batch.contexts[$0].rows.isEmpty }
        if !contexts.isEmpty { branch(contexts, of: batch, from: 0, before: 0, into: &tree) }
        cut(tree, count: max((rows.count * group + Self.queriesPerPart - 1) / Self.queriesPerPart, minimumParts))
    }

    /// Adds the spans of contexts whose views are the same up to run `start`, and their rows.
    private mutating func branch(
        _ contexts: [Int], of batch: ForwardBatch, from start: Int, before: Int,
        into tree: inout [braid_attention_span]
    ) {
        let first = batch.contexts[contexts[0]]
        let visible = contexts.reduce(0) { most, context in
            batch.contexts[context].rows.last.map { max(most, batch.rows[$0].visible) } ?? most
        }
        var end = first.runs.count
        for context in contexts.dropFirst() {
            end = Self.sharedEnd(first.runs, batch.contexts[context].runs, from: start, to: end)
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
            let count = contexts.reduce(0) { $0 + batch.contexts[$1].rows.count }
            tree.append(
                braid_attention_span(
                    first_row: Int32(rows.count), row_count: Int32(count), first_run: Int32(firstRun),
                    run_count: Int32(next - start), before: Int32(before)))
        }
        guard contexts.count > 1 else { return append(first.rows, of: batch) }

        var branches: [[Int]] = []
        var known: [Branch: Int] = [:]
        for context in contexts {
            let runs = batch.contexts[context].runs
            if covered >= visible || next == runs.count {
                append(batch.contexts[context].rows, of: batch)
            } else if let index = known[Branch(runs[next])] {
                branches[index].append(context)
            } else {
                known[Branch(runs[next])] = branches.count
                branches.append([context])
            }
        }
        for contexts in branches { branch(contexts, of: batch, from: next, before: covered, into: &tree) }
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
    private mutating func cut(_ tree: [braid_attention_span], count: Int) {
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
