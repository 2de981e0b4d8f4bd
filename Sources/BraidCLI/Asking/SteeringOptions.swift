import ArgumentParser
import Braid
import BraidEvaluation

/// How runs are steered.
struct SteeringOptions: ParsableArguments {
    @Flag(help: "Steer runs: threads that grow too long split or return, failed ones run again, equal ones become one.")
    var steer = false

    @Flag(help: "Check arithmetic and puzzle solutions in what threads return; false ones are not used.")
    var checkJoins = false

    @Option(
        help: ArgumentHelp(
            "When threads join: all, first-verified, quorum:COUNT or deadline:SECONDS.", valueName: "policy"),
        transform: { try JoinPolicy(argument: $0) })
    var join: JoinPolicy = .all

    @Option(
        help: ArgumentHelp(
            "Let threads of a depth reason by a method of their own, as 1=sequential; repeatable.",
            valueName: "depth=method"),
        transform: { try MethodAtDepth($0) })
    var methodAtDepth: [MethodAtDepth] = []

    @Flag(name: .customLong("no-cache"), help: "Keep no results of subtasks.")
    var noCache = false

    /// The policy; runs that share it share its cache.
    /// - Parameter frame: how the methods of threads are asked.
    /// - Throws: what is wrong with a method of threads.
    func policy(asking frame: AnswerFrame) throws -> ControllerPolicy {
        var policy = steer ? ControllerPolicy.steering : .observing
        policy.join = join
        // Returns are examined where that is asked for, or where the join waits for one that is right.
        if checkJoins || join == .firstVerified { policy.checks = [PuzzleReturnCheck(), ArithmeticCheck()] }
        // A thread that is caught gets another attempt where runs are steered.
        if steer, checkJoins { policy.retry?.coversRefuted = true }
        for choice in methodAtDepth {
            policy.methods[choice.depth] = try MethodOptions.parse([]).method(choice.method, asking: frame)
        }
        if !noCache { policy.cache = SubproblemCache() }
        return policy
    }
}

extension JoinPolicy {
    /// Longest deadline, in seconds: some eleven days.
    private static let longestDeadline = 1_000_000.0

    /// Reads what `--join` takes.
    init(argument: String) throws {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count > 1 ? parts[1] : nil) {
        case ("all", nil): self = .all
        case ("first-verified", nil): self = .firstVerified
        case ("quorum", let count?):
            guard let count = Int(count), (1...256).contains(count) else {
                throw ValidationError("--join is '\(argument)'; COUNT is 1 to 256")
            }
            self = .quorum(count)
        case ("deadline", let seconds?):
            guard let seconds = Double(seconds), seconds > 0, seconds <= Self.longestDeadline else {
                throw ValidationError(
                    "--join is '\(argument)'; SECONDS is more than 0, at most \(Int(Self.longestDeadline))")
            }
            self = .deadline(.seconds(seconds))
        default:
            throw ValidationError(
                "--join is '\(argument)'; allowed: all, first-verified, quorum:COUNT, deadline:SECONDS")
        }
    }
}
