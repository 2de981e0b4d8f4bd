import ArgumentParser
import Braid
import BraidEvaluation
import Foundation

/// `braid data`: generated problems, rendered as training trajectories.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Generate puzzles with exact answers, rendered as training trajectories (JSON Lines).")

    @Option(help: "How trajectories reason: adaptive or sequential.", transform: mode(named:))
    var mode: TrainingTrajectory.Mode = .adaptive

    @Option(
        help: ArgumentHelp(
            "Dialects to tell them in, or adaptive-plan, separated by commas: all for the built-in model's mixture, or "
                + "names, each with its share as NAME=PERCENT if not equal.", valueName: "names"),
        transform: dialects(named:))
    var dialect: FormMixture = FormMixture(.dialect(.braid))

    @Option(help: "How many trajectories to write.")
    var count: Int = 1000

    @Option(help: "Number of the first trajectory; shards of one seed do not overlap.")
    var first: UInt64 = 0

    @Option(help: "Seed of the problems; both modes tell the same problems for the same seed.")
    var seed: UInt64 = 1

    @Option(
        name: .customLong("share"),
        help: "Share of a family, as FAMILY=PERCENT; repeat for each. Without any, the built-in models' mixture.",
        transform: share(_:))
    var shares: [Share] = []

    /// A family's share of the trajectories.
    struct Share {
        var task: PuzzleTask
        var percent: Int
    }

    private static func share(_ text: String) throws -> Share {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let task = PuzzleTask(rawValue: String(parts[0])), let percent = Int(parts[1]),
            (0...100).contains(percent)
        else {
            let allowed = PuzzleTask.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--share is '\(text)'; allowed: FAMILY=PERCENT, FAMILY one of \(allowed)")
        }
        return Share(task: task, percent: percent)
    }

    private var mixture: TaskMixture {
        get throws {
            if shares.isEmpty { return .standard }
            do {
                return try TaskMixture(
                    Dictionary(shares.map { ($0.task, $0.percent) }, uniquingKeysWith: { _, last in last }))
            } catch {
                throw ValidationError("--share: \(error)")
            }
        }
    }

    private static func dialects(named list: String) throws -> FormMixture {
        if list == "all" { return .standard }
        let names = list.split(separator: ",", omittingEmptySubsequences: false)
        let (whole, more) = 100.quotientAndRemainder(dividingBy: names.count)
        var shares: [FormMixture.Share] = []
        for (index, name) in names.enumerated() {
            let parts = name.split(separator: "=", omittingEmptySubsequences: false)
            let percent = parts.count == 1 ? whole + (index < more ? 1 : 0) : Int(parts[1])
            guard parts.count <= 2, let percent, let form = TrajectoryForm.named(String(parts[0])) else {
                let allowed = TrajectoryForm.all.map(\.name).joined(separator: ", ")
                throw ValidationError(
                    "--dialect has '\(name)'; allowed: all, or a list of NAME or NAME=PERCENT, NAME one of \(allowed)")
            }
            shares.append(FormMixture.Share(form, percent: percent))
        }
        do {
            return try FormMixture(shares)
        } catch {
            throw ValidationError("--dialect: \(error)")
        }
    }

    private static func mode(named name: String) throws -> TrainingTrajectory.Mode {
        guard let mode = TrainingTrajectory.Mode(rawValue: name) else {
            let allowed = TrainingTrajectory.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--mode is '\(name)'; allowed: \(allowed)")
        }
        return mode
    }

    func validate() throws {
        guard (1...100_000_000).contains(count) else {
            throw ValidationError("--count is \(count); allowed: 1 to 100000000")
        }
        if mode == .sequential, dialect != FormMixture(.dialect(.braid)) {
            throw ValidationError("--mode sequential goes with --dialect braid; leave --dialect out")
        }
        _ = try mixture
    }

    func run() throws {
        let mixture = try mixture
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var buffer = Data()
        for index in 0..<UInt64(count) {
            let trajectory = TrajectoryRenderer.training(
                mode: mode, mixture: mixture, forms: dialect, seed: seed, index: first &+ index)
            buffer.append(try encoder.encode(trajectory))
            buffer.append(0x0A)
            if buffer.count > 1 << 20 {
                try StandardStream.output.write(buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        try StandardStream.output.write(buffer)
    }
}
