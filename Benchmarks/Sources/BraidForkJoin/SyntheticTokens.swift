internal import Braid

/// The tokens of both drivers: ids 3 to 399, which every model of the benchmark has.
enum SyntheticTokens {
    /// The prefix that all threads share. Every run has another one, from its first token on, so that no engine finds it
    /// in a cache.
    static func prefix(_ count: Int, run: Int) -> [TokenID] {
        (0..<count).map { (i: Int) -> TokenID in
            let mixed: Int = i * i * 31 + i * 17 + run * 101
            return TokenID(3 + mixed % 397)
        }
    }

    /// What a thread reads before it decodes; each thread reads something else.
    static func header(of thread: Int, _ count: Int) -> [TokenID] {
        (0..<count).map { (k: Int) -> TokenID in
            let mixed: Int = thread * 37 + k * 11
            return TokenID(3 + mixed % 397)
        }
    }
}
