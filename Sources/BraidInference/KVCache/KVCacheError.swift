internal import Braid

/// Why the cache refused; nothing was changed.
enum KVCacheError: Error, Hashable {
    /// The pool has too few free pages.
    case outOfPages(needed: Int, free: Int)
    /// There is no such context, or no longer.
    case unknownContext(ContextID)
    /// The context was not forked from the one that joins it, is named twice, or its parent has moved on since.
    case notAThread(ContextID, of: ContextID)

    /// The same for users of the engine.
    var engineError: EngineError {
        switch self {
        case .outOfPages(let needed, let free): .outOfMemory(neededPages: needed, freePages: free)
        case .unknownContext: .contextNotUsable("it was closed")
        case .notAThread:
            .contextNotUsable("only threads that were forked from a context, and not joined yet, can be joined into it")
        }
    }
}
