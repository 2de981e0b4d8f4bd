internal import CBraidKernels

/// What a context attends to: an ordered list of spans, and the pages they lie in.
///
///     plain       [prefix + own]
///     stitched    [prefix] [thread 1] [thread 2] ... [own]       positions of the threads overlap
///
/// Order is the order in which attention walks and in which a join lists threads. Keys stay rotated to the positions they
/// were written at. A view may see a span at other positions, shifted as a whole: then the query is turned back by the
/// shift before it meets those keys, which gives the same product (Hogwild! Inference, arXiv 2504.06261, section 3.2).
struct ContextView: Sendable {
    /// The slots, span after span. A run lies in one page.
    private(set) var runs: [KVRun] = []
    /// The positions, in the same order.
    private(set) var spans: [KVSpan] = []
    /// By how much the keys of a run are shifted, by the run's rotation. The first is 0.
    private(set) var shifts = [0]
    /// Tokens in view.
    private(set) var tokenCount = 0
    /// Position of the next token.
    private(set) var nextPosition = 0
    /// Tokens that are there to stay as they are: all that were in view at the last stitched join.
    private(set) var sealedCount = 0
    /// Tokens at the beginning whose keys depend on nothing but the tokens before them, page after page: all, unless
    /// there was a stitched join.
    private(set) var causalCount = 0

    /// Whether the page of the last run may be filled up with what comes next; not after a join, whose last page is a
    /// thread's.
    var isTailOpen: Bool { tokenCount > sealedCount }

    /// Whether all keys depend on nothing but the tokens before them, so that they can be computed again from the tokens.
    var isCausal: Bool { sealedCount == 0 }

    /// Appends slots for the next tokens; they continue the last run where they lie right behind it.
    mutating func append(page: PageID, first: Int, count: Int) {
        if isTailOpen, let last = runs.last, last.pageID == page, last.end == first {
            runs[runs.count - 1].count += UInt16(count)
        } else {
            runs.append(KVRun(page, first: first, count: count))
        }
        if isTailOpen, let last = spans.last, last.endPosition == nextPosition {
            spans[spans.count - 1].count += count
        } else {
            spans.append(KVSpan(firstPosition: nextPosition, count: count))
        }
        if isCausal { causalCount += count }
        tokenCount += count
        nextPosition += count
    }

    /// Takes the last `count` tokens out of view, none of them sealed.
    /// - Returns: The pages that are not in view any more.
    mutating func removeLast(_ count: Int) -> [PageID] {
        precondition(count <= tokenCount - sealedCount, "what was stitched cannot be taken apart")
        var pages: [PageID] = []
        var left = count
        while left > 0, let run = runs.last {
            let taken = min(left, Int(run.count))
            left -= taken
            runs[runs.count - 1].count -= UInt16(taken)
            if taken == run.count { pages.append(runs.removeLast().pageID) }
        }
        left = count
        while left > 0, let span = spans.last {
            let taken = min(left, span.count)
            left -= taken
            spans[spans.count - 1].count -= taken
            if taken == span.count { spans.removeLast() }
        }
        tokenCount -= count
        causalCount = min(causalCount, tokenCount)
        nextPosition = spans.reduce(0) { max($0, $1.endPosition) }
        return pages
    }

    /// Points a run at a page with the same contents.
    mutating func move(run index: Int, to page: PageID) {
        runs[index].page = page.index
    }

    /// Adopts another view's slots, all but the first `count` tokens, and sees them `shift` positions later; the next
    /// position follows the later one's.
    mutating func adopt(_ other: ContextView, droppingFirst count: Int = 0, shiftedBy shift: Int = 0) {
        let rotations = other.shifts.map { rotation(shiftedBy: $0 + shift) }
        var skipped = count
        for run in other.runs {
            let skip = min(skipped, Int(run.count))
            skipped -= skip
            if skip < run.count {
                runs.append(
                    KVRun(
                        run.pageID, first: Int(run.first) + skip, count: Int(run.count) - skip,
                        rotation: rotations[Int(run.rotation)]))
            }
        }
        skipped = count
        for span in other.spans {
            let skip = min(skipped, span.count)
            skipped -= skip
            if skip < span.count {
                spans.append(KVSpan(firstPosition: span.firstPosition + skip + shift, count: span.count - skip))
            }
        }
        tokenCount += other.tokenCount - count
        nextPosition = max(nextPosition, other.nextPosition + shift)
        sealedCount = tokenCount
    }

    /// Lets everything stay as it is: what follows is no plain function of the tokens before it.
    mutating func seal() { sealedCount = tokenCount }

    /// The rotation of a shift; a new one if no span has it yet.
    private mutating func rotation(shiftedBy shift: Int) -> Int32 {
        if let index = shifts.firstIndex(of: shift) { return Int32(index) }
        shifts.append(shift)
        return Int32(shifts.count - 1)
    }

    /// The pages of everything after the first `count` tokens.
    func pages(droppingFirst count: Int) -> [PageID] {
        var own = ContextView()
        own.adopt(self, droppingFirst: count)
        return own.runs.map(\.pageID)
    }

    /// The position of every token in view, in order.
    var positions: [Int] {
        spans.flatMap { $0.firstPosition..<$0.endPosition }
    }
}
