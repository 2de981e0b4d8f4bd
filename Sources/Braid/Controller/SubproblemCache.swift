import Synchronization

/// Results of subproblems, kept from run to run for as long as they are used: the least recently used one goes first.
///
/// Only what finished, and what no check refuted, is worth keeping. Results of one tenant are never found by another.
public final class SubproblemCache: Sendable {
    /// How often it helped.
    public struct Statistics: Sendable, Hashable, Codable {
        /// Look-ups that found a result.
        public var hits = 0
        /// Look-ups that found none.
        public var misses = 0
        /// Results that were dropped to make room.
        public var evictions = 0
        /// Tokens that hits saved.
        public var savedTokens = 0

        /// Share of look-ups that found a result; 0 when there were none.
        public var hitRate: Double { hits + misses == 0 ? 0 : Double(hits) / Double(hits + misses) }
    }

    private struct Entry {
        var result: SubproblemResult
        /// When it was last used, by count of uses.
        var use: UInt64
    }

    private struct State {
        var entries: [SubproblemKey: Entry] = [:]
        /// Keys by their last use; entries that were used again since are stale and skipped.
        var queue: [(key: SubproblemKey, use: UInt64)] = []
        var head = 0
        var uses: UInt64 = 0
        var statistics = Statistics()
    }

    /// Most results that are kept.
    public let capacity: Int
    private let state = Mutex(State())
    private let kept: (@Sendable (SubproblemResult, SubproblemKey) -> Void)?

    /// Creates a cache.
    /// - Parameters:
    ///   - capacity: at least 1.
    ///   - known: results that it begins with, the least recently used first.
    ///   - kept: told every result that is kept later, for whoever makes it last longer; it must not block.
    public init(
        capacity: Int = 4096, known: [(SubproblemKey, SubproblemResult)] = [],
        kept: (@Sendable (SubproblemResult, SubproblemKey) -> Void)? = nil
    ) {
        self.capacity = max(1, capacity)
        self.kept = kept
        state.withLock { state in
            for (key, result) in known.suffix(self.capacity) { Self.touch(key, result, &state) }
        }
    }

    /// The result of a subproblem, if it is known.
    /// - Complexity: amortised O(1).
    public func result(for key: SubproblemKey) -> SubproblemResult? {
        state.withLock { state in
            guard let result = state.entries[key]?.result else {
                state.statistics.misses += 1
                return nil
            }
            state.statistics.hits += 1
            state.statistics.savedTokens += result.tokens
            Self.touch(key, result, &state)
            return result
        }
    }

    /// Keeps a result; a later one for the same subproblem replaces it.
    /// - Complexity: amortised O(1).
    public func keep(_ result: SubproblemResult, for key: SubproblemKey) {
        state.withLock { state in
            Self.touch(key, result, &state)
            while state.entries.count > capacity, state.head < state.queue.count {
                let oldest = state.queue[state.head]
                state.head += 1
                if state.entries[oldest.key]?.use == oldest.use {
                    state.entries[oldest.key] = nil
                    state.statistics.evictions += 1
                }
            }
        }
        kept?(result, key)
    }

    /// Results that are kept.
    public var count: Int { state.withLock { $0.entries.count } }

    /// How often it helped so far.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    private static func touch(_ key: SubproblemKey, _ result: SubproblemResult, _ state: inout State) {
        state.uses += 1
        state.entries[key] = Entry(result: result, use: state.uses)
        state.queue.append((key, state.uses))
        // Stale places are dropped once they outnumber the entries.
        if state.queue.count - state.head > 2 * state.entries.count + 64 {
            let entries = state.entries
            state.queue = state.queue[state.head...].filter { entries[$0.key]?.use == $0.use }
            state.head = 0
        } else if state.head > 1024 {
            state.queue.removeFirst(state.head)
            state.head = 0
        }
    }
}
