internal import Braid

/// Work in progress: rows to run, and what happens when they have been. A class, because it is changed at every step, which
/// in a dictionary of values would cost allocations; only the worker's thread has it.
final class InferenceJob {
    /// Tokens on their way into one context's cache; room for all of them is reserved.
    struct Feed {
        let context: ContextID
        /// A part of the context's own list, so that nothing is copied: to be let go before the list grows.
        let tokens: ArraySlice<TokenID>
        let reservation: KVReservation
        /// Whose logits are wanted, once the last row has run.
        let wanted: ForwardBatch.LogitsWanted
        var done = 0

        var left: Int { tokens.count - done }
    }

    /// What it is for.
    enum Purpose {
        case open(InferenceRequest.Reply<ContextID>)
        case extend(count: Int, InferenceRequest.Reply<Int>)
        case decode(DecodingCall)
        case fork(count: Int, isNumbered: Bool, InferenceRequest.Reply<[ContextID]>)
        case stitch(threads: [ContextID], InferenceRequest.Reply<Void>)
        case rejoin(InferenceRequest.Reply<Void>)
        case warm(InferenceRequest.Reply<Void>)
        case score(ScoringCall)
        case group(GroupCall)
        /// Of a group, which ``InferenceJob/context`` names.
        case groupStep([Int], InferenceRequest.Reply<[DrawnToken]>)
    }

    /// A context as it was.
    struct Snapshot {
        let state: ContextState
        /// Tokens whose keys the cache had.
        let residentCount: Int
    }

    /// The context that asked.
    let context: ContextID
    let age: ContextAge
    let purpose: Purpose
    var feeds: [Feed] = []
    /// The context as it was, for a job that appends known tokens.
    var before: Snapshot?
    /// Whether it waits for room, with no rows to run.
    var isWaiting = false

    init(context: ContextID, age: ContextAge, purpose: Purpose) {
        self.context = context
        self.age = age
        self.purpose = purpose
    }

    /// Rows that are left.
    var left: Int { feeds.reduce(0) { $0 + $1.left } }

    /// Other contexts that have to be in the cache, whole, when its rows have run; nobody else works on them meanwhile.
    var partners: [ContextID] {
        switch purpose {
        case .stitch(let threads, _): threads
        case .group(let call): call.textContexts
        default: []
        }
    }

    /// Tells whoever waits that it failed.
    func fail(_ error: any Error) {
        switch purpose {
        case .open(let reply): reply(.failure(error))
        case .extend(_, let reply): reply(.failure(error))
        case .decode(let call): call.sink.fail(error)
        case .fork(_, _, let reply): reply(.failure(error))
        case .stitch(_, let reply), .rejoin(let reply), .warm(let reply): reply(.failure(error))
        case .score(let call): call.reply(.failure(error))
        case .group(let call): call.reply(.failure(error))
        case .groupStep(_, let reply): reply(.failure(error))
        }
    }
}
