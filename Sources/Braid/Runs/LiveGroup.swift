import Synchronization

/// Lines of a run that see each other while they are written: a handle for methods.
///
/// Used by one task at a time.
public final class LiveGroup: Sendable {
    /// Its lines, in the order in which they see each other.
    public let threads: [LiveThread]

    let parent: LiveThread
    let context: any ContextGroup
    /// Most tokens that a line may have, its seed included; nil for no such limit.
    let slotLength: Int?
    /// Tokens of each line, seeds and insertions included.
    let counts: Mutex<[Int]>

    init(_ threads: [LiveThread], of parent: LiveThread, context: any ContextGroup, slotLength: Int?) {
        self.threads = threads
        self.parent = parent
        self.context = context
        self.slotLength = slotLength
        counts = Mutex(Array(repeating: 0, count: threads.count))
    }
}
