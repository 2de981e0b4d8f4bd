/// Derives the seed of each thread's draws from the run's seed.
enum ThreadSeed {
    /// The seed of the thread with this path: FNV-1a over the path's bytes, mixed with the run's seed by the finaliser of
    /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, figure 17).
    ///
    /// It depends on nothing but the two, so a thread draws the same whatever its siblings do.
    static func derive(from seed: UInt64, path: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        var mixed = seed &+ hash &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
