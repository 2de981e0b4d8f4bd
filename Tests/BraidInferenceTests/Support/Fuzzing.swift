import Foundation

/// How many mutants the tests on hostile input try, and which: `BRAID_FUZZ_COUNT` and `BRAID_FUZZ_SEED`; `scripts/fuzz`
/// tries many, with the address sanitizer.
enum Fuzzing {
    /// Mutants of each kind.
    static func count(default count: Int) -> Int { Int(setting("BRAID_FUZZ_COUNT", default: UInt64(count))) }

    /// Which they are.
    static let seed = setting("BRAID_FUZZ_SEED", default: 1)

    /// A limit keeps the number an `Int`.
    private static func setting(_ name: String, default value: UInt64) -> UInt64 {
        min(ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? value, 1 << 62)
    }
}
