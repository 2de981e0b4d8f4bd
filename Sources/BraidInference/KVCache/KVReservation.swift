/// Room for tokens at the end of a context.
struct KVReservation: Sendable {
    /// Where one token's keys and values go.
    struct Slot: Hashable, Sendable {
        let page: PageID
        /// 0..<16.
        let slot: Int
    }

    /// One slot per token, page after page. The first page is no element of an array, so that room for one token, which
    /// every decode step needs, costs no allocation.
    struct Slots: RandomAccessCollection, Sendable {
        /// Meaningless while there are no slots.
        private var first = Slot(page: PageID(0), slot: 0)
        private var countInFirst = 0
        private var pages: [PageID] = []
        private(set) var endIndex = 0
        var startIndex: Int { 0 }

        subscript(index: Int) -> Slot {
            precondition((0..<endIndex).contains(index), "no slot \(index) of \(endIndex)")
            guard index >= countInFirst else { return Slot(page: first.page, slot: first.slot + index) }
            let (page, slot) = (index - countInFirst).quotientAndRemainder(dividingBy: KVCache.pagePositions)
            return Slot(page: pages[page], slot: slot)
        }

        /// Adds slots of one page: the first ones anywhere in it, later ones from its beginning, behind full pages.
        mutating func append(_ page: PageID, from slot: Int, count: Int) {
            if isEmpty {
                first = Slot(page: page, slot: slot)
                countInFirst = count
            } else {
                pages.append(page)
            }
            endIndex += count
        }
    }

    /// One slot per token.
    var slots = Slots()
    /// Position of the first token; the others follow.
    var firstPosition: Int
    /// Tokens in view before the first one.
    var firstIndex: Int
    /// To be done before the slots are written.
    var copy: PageCopy?
}
