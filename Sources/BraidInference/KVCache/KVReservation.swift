/// Room for tokens at the end of a context.
struct KVReservation: Sendable {
    /// Where one token's keys and values go.
    struct Slot: Hashable, Sendable {
        let page: PageID
        /// 0..<16.
        let slot: Int
    }

    /// One slot per token.
    var slots: [Slot] = []
    /// Position of the first token; the others follow.
    var firstPosition: Int
    /// Tokens in view before the first one.
    var firstIndex: Int
    /// To be done before the slots are written.
    var copy: PageCopy?
}
