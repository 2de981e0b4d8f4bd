internal import Braid

/// Why the cache refused; nothing was changed.
enum KVCacheError: Error, Hashable {
    /// The pool has too few free pages.
    case outOfPages(needed: Int, free: Int)
    /// There is no such context, or no longer.
    case unknownContext(ContextID)
    /// The context was not forked from the one that joins it, is named twice, or its parent has moved on since.
    case notAThread(ContextID, of: ContextID)
    /// Fewer tokens of a thread are there than a join is about to adopt, so that positions would be wrong.
    case shortThread(ContextID, tokens: Int, expected: Int)

    /// The same for users of the engine.
    var engineError: EngineError {
        switch self {
        case .outOfPages(let needed, let free): .outOfMemory(neededPages: needed, freePages: free)
        case .unknownContext: .contextNotUsable("it was closed")
        case .notAThread:
            .contextNotUsable("only threads that were forked from a context, and not joined yet, can be joined into it")
        case .shortThread(_, let tokens, let expected):
            .failed(
                "a thread to be stitched has \(tokens) of its \(expected) tokens in the cache; close it and fork again")
        }
    }
}
