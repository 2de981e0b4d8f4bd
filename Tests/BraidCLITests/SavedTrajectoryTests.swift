import Braid
import BraidEvaluation
import Foundation
import Testing

@testable import BraidCLI

@Suite("Reading and showing trajectories")
struct SavedTrajectoryTests {
    private func read(_ text: String) throws -> Trajectory {
        try SavedTrajectory(Data(text.utf8), from: "x").trajectory(from: "x")
    }

    @Test("a record comes back from --save and from --json as it was")
    func roundTrip() async throws {
        let outcome = try await ReasoningRun.answer(
            "Use 12, 30 and 5 to make 47", by: Adaptive(), on: ScriptedEngine.split)
        let saved = try JSONText.encode(outcome.trajectory)
        #expect(try SavedTrajectory(saved, from: "x").trajectory(from: "x") == outcome.trajectory)
        let report = try JSONText.encode(AskReport(outcome.trajectory))
        #expect(try SavedTrajectory(report, from: "x").trajectory(from: "x") == outcome.trajectory)
        let page = TrajectoryPage(outcome.trajectory, width: 100).description
        #expect(page.hasPrefix("question  Use 12, 30 and 5 to make 47\nanswer    12 + 30 + 5\n"))
        #expect(page.contains("fork into 2 threads"))
        #expect(page.contains("0.1: 12 + 30  finished  "))
        #expect(page.hasSuffix(" s · not checked\n"))
    }

    @Test("a minus infinite log-probability survives")
    func infinity() throws {
        let segment = Segment(
            origin: .model, text: "x", tokenCount: 1, tokens: [1], logProbabilities: [-.infinity], start: 0, end: 0)
        let trajectory = Trajectory(
            question: "q", dialect: "d", method: "m", model: "m", engine: "e", seed: 0,
            root: ReasoningThread(id: "0", steps: [.segment(segment)]))
        #expect(try SavedTrajectory(JSONText.encode(trajectory), from: "x").trajectory(from: "x") == trajectory)
    }

    @Test("training trajectories of every family are shown with their forks, without token counts")
    func training() throws {
        var forks = 0
        for mode in TrainingTrajectory.Mode.allCases {
            for index in 0..<40 as Range<UInt64> {
                let training = TrajectoryRenderer.training(mode: mode, seed: 1, index: index)
                let trajectory = try SavedTrajectory(JSONText.encode(training), from: "x").trajectory(from: "x")
                let seeds = training.segments.count { $0.kind == .seed }
                #expect(TrajectoryMetrics(trajectory).threads == seeds)
                #expect(trajectory.answer?.text != nil)
                let page = TrajectoryPage(trajectory, width: 100, countsTokens: false).description
                #expect(!page.contains(" tokens\n"))
                forks += TrajectoryMetrics(trajectory).forks
            }
        }
        #expect(forks > 0)
    }

    @Test(
        "what is no trajectory is refused with a reason",
        arguments: [
            ("", "it is empty"), (" \n", "it is empty"), ("[", "not valid JSON"), ("[]", ""), ("null", ""), ("3", ""),
            ("{}", "none of the keys"), (#"{"root":1}"#, "has no question"), (#"{"trajectory":{}}"#, ".trajectory"),
            (
                #"{"task":"sums","dialect":"braid","mode":"adaptive","question":"q","segments":[]}"#,
                "do not form a tree"
            ),
            ("{}\n{}\n", "--line"), (String(repeating: "[", count: 100_000), "not valid JSON"),
        ])
    func malformed(text: String, reason: String) {
        #expect {
            _ = try read(text)
        } throws: { error in
            guard case InputError.notATrajectory(source: "x", let why) = error else { return false }
            return reason.isEmpty || why.contains(reason)
        }
    }

    @Test(
        "segments that point forward, at themselves or twice at one line are refused", arguments: [[1], [2], [0, 0]])
    func noTree(parents: [Int]) throws {
        let segments = parents.map { #"{"parent":\#($0),"kind":"main","model":true,"pieces":[]}"# }
        let prompt = #"{"parent":-1,"kind":"prompt","model":false,"pieces":[]}"#
        let text =
            #"{"task":"sums","dialect":"braid","mode":"adaptive","question":"q","segments":["#
            + ([prompt] + segments).joined(separator: ",") + "]}"
        #expect(throws: InputError.self) { try read(text) }
    }
}
