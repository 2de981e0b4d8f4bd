internal import Braid

/// The rows of one forward pass: tokens of any mix of contexts, decode steps and prefill chunks alike.
struct ForwardBatch {
    /// One token at one position of one context.
    struct Row {
        let token: TokenID
        /// Where it stands in what it sees: its query's position.
        let position: Int
        /// The position that its key is turned to: where it stands in what its context alone has written.
        let keyPosition: Int
        /// Where its keys and values go.
        let page: PageID
        let slot: Int
        /// Index of its context in ``ForwardBatch/contexts``.
        let context: Int
        /// How many slots of the context's runs it sees: everything before it in its context, and itself.
        let visible: Int
        /// Number of the thought it belongs to, whose embedding is added to its key and value; 0 outside of thoughts.
        let thought: Int
    }

    /// What the rows of one context attend to.
    struct Context {
        /// The view's runs.
        let runs: [KVRun]
        /// The view's shifts, by the runs' rotation.
        let shifts: [Int]
        /// Its rows, the earlier ones of a chunk first.
        let rows: Range<Int>
    }

    /// Whose logits are wanted.
    enum LogitsWanted {
        case none
        case last
        case all
    }

    /// All rows; those of one context are consecutive and in order.
    private(set) var rows: [Row] = []
    /// One entry per call of ``append(_:at:offset:in:logits:)``.
    private(set) var contexts: [Context] = []
    /// Rows whose logits are wanted, in order.
    private(set) var logitRows: [Int] = []

    /// Removes everything and keeps the memory; the views' arrays are let go, so that they can grow in place.
    mutating func removeAll() {
        rows.removeAll(keepingCapacity: true)
        contexts.removeAll(keepingCapacity: true)
        logitRows.removeAll(keepingCapacity: true)
    }

    /// Adds consecutive tokens of one context.
    ///
    /// - Parameters:
    ///   - tokens: The tokens.
    ///   - reservation: Their room.
    ///   - offset: How many of its slots were filled in earlier passes.
    ///   - view: What the context sees, with that room in it.
    ///   - place: Where in that view the context's own tokens stand.
    ///   - thought: Number of the thought that the tokens belong to.
    ///   - logits: Whose logits are wanted.
    /// - Returns: Indices into the logits of the pass.
    @discardableResult
    mutating func append(
        _ tokens: some Collection<TokenID>, at reservation: KVReservation, offset: Int = 0, in view: ContextView,
        place: ContextPlace = .beginning, thought: Int = 0, logits: LogitsWanted
    ) -> Range<Int> {
        precondition(offset + tokens.count <= reservation.slots.count, "a token has no room")
        let firstLogits = logitRows.count
        let firstRow = rows.count
        for (index, token) in zip(offset..., tokens) {
            let slot = reservation.slots[index]
            let isLast = index + 1 == offset + tokens.count
            if logits == .all || (logits == .last && isLast) { logitRows.append(rows.count) }
            let position = reservation.firstPosition + index
            rows.append(
                Row(
                    token: token, position: place.position + position, keyPosition: position, page: slot.page,
                    slot: slot.slot, context: contexts.count,
                    visible: place.index + reservation.firstIndex + index + 1, thought: thought))
        }
        contexts.append(Context(runs: view.runs, shifts: view.shifts, rows: firstRow..<rows.count))
        return firstLogits..<logitRows.count
    }
}
