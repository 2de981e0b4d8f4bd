internal import Braid

/// The rows of one forward pass: tokens of any mix of contexts, decode steps and prefill chunks alike.
struct ForwardBatch {
    /// One token at one position of one context.
    struct Row {
        let token: TokenID
        let position: Int
        /// Where its keys and values go.
        let page: PageID
        let slot: Int
        /// The context's runs in ``ForwardBatch/runs``.
        let runs: Range<Int>
        /// How many slots of them the row sees: everything before it in its context, and itself.
        let visible: Int
    }

    /// Whose logits are wanted.
    enum LogitsWanted {
        case none
        case last
        case all
    }

    /// All rows; those of one context are consecutive and in order.
    private(set) var rows: [Row] = []
    /// The views of all contexts, one after the other.
    private(set) var runs: [KVRun] = []
    /// Rows whose logits are wanted, in order.
    private(set) var logitRows: [Int] = []

    /// Removes everything and keeps the memory.
    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        logitRows.removeAll(keepingCapacity: true)
    }

    /// Adds consecutive tokens of one context.
    ///
    /// - Parameters:
    ///   - tokens: The tokens.
    ///   - reservation: Their room.
    ///   - offset: How many of its slots were filled in earlier passes.
    ///   - view: The context's view, with that room in it.
    ///   - logits: Whose logits are wanted.
    /// - Returns: Indices into the logits of the pass.
    @discardableResult
    mutating func append(
        _ tokens: some Collection<TokenID>, at reservation: KVReservation, offset: Int = 0, in view: ContextView,
        logits: LogitsWanted
    ) -> Range<Int> {
        precondition(offset + tokens.count <= reservation.slots.count, "a token has no room")
        let firstRun = runs.count
        runs.append(contentsOf: view.runs)
        let firstLogits = logitRows.count
        for (index, token) in zip(offset..., tokens) {
            let slot = reservation.slots[index]
            let isLast = index + 1 == offset + tokens.count
            if logits == .all || (logits == .last && isLast) { logitRows.append(rows.count) }
            rows.append(
                Row(
                    token: token, position: reservation.firstPosition + index, page: slot.page, slot: slot.slot,
                    runs: firstRun..<runs.count, visible: reservation.firstIndex + index + 1))
        }
        return firstLogits..<logitRows.count
    }
}
