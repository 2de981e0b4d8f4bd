import ArgumentParser
import BraidEvaluation
import Foundation

/// `braid data`: generated problems, rendered as training trajectories.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Generate puzzles with exact answers, rendered as training trajectories (JSON Lines).")

    @Option(help: "How trajectories reason: adaptive or sequential.", transform: mode(named:))
    var mode: TrainingTrajectory.Mode = .adaptive

    @Option(help: "How many trajectories to write.")
    var count: Int = 1000

    @Option(help: "Number of the first trajectory; shards of one seed do not overlap.")
    var first: UInt64 = 0

    @Option(help: "Seed of the problems; both modes tell the same problems for the same seed.")
    var seed: UInt64 = 1

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
    }

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var buffer = Data()
        for index in 0..<UInt64(count) {
            let trajectory = TrajectoryRenderer.training(mode: mode, seed: seed, index: first &+ index)
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
