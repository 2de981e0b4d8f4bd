import ArgumentParser
import Braid

/// What a run may use up.
struct BudgetOptions: ParsableArguments {
    /// Longest `--timeout`, in seconds: some eleven days.
    private static let longestTimeout = 1_000_000.0

    @Option(help: "Most threads of a run, 1 to 256.")
    var maxThreads: Int = Budget.standard.maximumThreads

    @Option(help: "How deep threads may fork, 0 to 16; 0 never, 1 the main line only.")
    var maxDepth: Int = Budget.standard.maximumDepth

    @Option(help: "Most tokens of all threads together.")
    var maxTokens: Int = Budget.standard.totalTokens

    @Option(help: "Most tokens of one thread.")
    var maxThreadTokens: Int = Budget.standard.tokensPerThread

    @Option(help: ArgumentHelp("How long the run may take.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("How long one thread may take.", valueName: "seconds"))
    var threadTimeout: Double?

    func validate() throws {
        for (name, value) in [("--timeout", timeout), ("--thread-timeout", threadTimeout)] {
            guard let value, !(value > 0 && value <= Self.longestTimeout) else { continue }
            throw ValidationError(
                "\(name) is \(value); allowed: more than 0, at most \(Int(Self.longestTimeout)) seconds")
        }
        _ = try budget()
    }

    /// The budget.
    /// - Parameter longest: how long a run may take where `--timeout` does not say; nil for as long as it needs.
    /// - Throws: `ValidationError`, which names options where the domain names properties.
    func budget(longest: Duration? = nil) throws -> Budget {
        do {
            return try Budget(
                maximumThreads: maxThreads, maximumDepth: maxDepth, tokensPerThread: maxThreadTokens,
                totalTokens: maxTokens, deadline: timeout.map { .seconds($0) } ?? longest,
                threadTimeout: threadTimeout.map { .seconds($0) })
        } catch {
            guard case .outOfRange(let name, let value, let allowed) = error else { throw error }
            let options = [
                "maximumThreads": "--max-threads", "maximumDepth": "--max-depth",
                "tokensPerThread": "--max-thread-tokens", "totalTokens": "--max-tokens",
            ]
            throw ValidationError(
                "\(options[name] ?? name) is \(value); allowed: \(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }
}
