/// Why the cache refused; nothing was changed.
enum KVCacheError: Error, Hashable {
    /// The pool has too few free pages.
    case outOfPages(needed: Int, free: Int)
    /// There is no such context, or no longer.
    case unknownContext(ContextID)
    /// The context was not forked from the one that joins it, is named twice, or its parent has moved on since.
    case notAThread(ContextID, of: ContextID)
}
