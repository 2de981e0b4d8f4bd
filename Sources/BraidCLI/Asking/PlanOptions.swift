import ArgumentParser
import Braid
import BraidInference
import Foundation

/// How `adaptive-plan` plans.
struct PlanOptions: ParsableArguments {
    /// Most bytes of a file of examples.
    private static let byteLimit = 1 << 20

    @Option(
        help: ArgumentHelp(
            "A model that plans in place of the one that works; a smaller one often will do.", valueName: "name|path"))
    var planner: String?

    @Option(
        help: ArgumentHelp(
            "Worked examples for the planner: a JSON list of {\"question\": ..., \"plan\": {\"subtasks\": [...]}}.",
            valueName: "file"))
    var examples: String?

    @Option(help: "What every thread is told besides its subtask.")
    var instructions: String = ""

    @Flag(help: "Stop after the plan, and before the answer is written, for you to approve, edit or refuse.")
    var review = false

    /// Refuses options that the method does not take.
    func check(for method: MethodChoice) throws {
        guard method != .adaptivePlan else { return }
        let given = [
            ("--planner", planner != nil), ("--examples", examples != nil), ("--instructions", !instructions.isEmpty),
            ("--review", review),
        ]
        if let (name, _) = given.first(where: \.1) {
            throw ValidationError("\(name) is for --method adaptive-plan only")
        }
    }

    /// The method.
    /// - Throws: `RunError`, ``InputError``, ``ModelError``.
    func method(
        _ frame: AnswerFrame, with templates: [String: PromptTemplate], _ options: EmbeddedEngineOptions
    ) throws -> AdaptivePlan {
        let planner = try planner.map { try ModelChoice($0, for: .adaptivePlan).engine(options) }
        return try AdaptivePlan(
            prompts: frame.planPrompts.replacing(templates), instructions: instructions, examples: try readExamples(),
            planner: planner,
            review: review ? PlanDialogue().review : nil)
    }

    private func readExamples() throws -> [PlanExample] {
        guard let examples else { return [] }
        let data = try InputStreamReader.with(examples) { try $0.read(limit: Self.byteLimit) }
        do {
            return try JSONDecoder().decode([PlanExample].self, from: data)
        } catch {
            throw InputError.notExamples(source: examples, reason: "\(error)")
        }
    }
}
