import ArgumentParser
import Braid
import Synchronization
import Testing

@testable import BraidCLI

@Suite("Options that steer")
struct SteeringOptionsTests {
    @Test(
        "join policies",
        arguments: [
            ("all", .all), ("first-verified", .firstVerified), ("quorum:3", .quorum(3)),
            ("deadline:0.5", .deadline(.milliseconds(500))),
        ] as [(String, JoinPolicy)])
    func join(argument: String, policy: JoinPolicy) throws {
        #expect(try JoinPolicy(argument: argument) == policy)
    }

    @Test(
        "what is none is refused with what is allowed",
        arguments: [
            "", "al", "all:1", "quorum", "quorum:0", "quorum:257", "quorum:x", "deadline:0", "deadline:-1",
            "deadline:nan", "deadline:1e9",
        ])
    func refused(argument: String) {
        #expect(throws: ValidationError.self) { try JoinPolicy(argument: argument) }
    }

    @Test("methods at depths")
    func methods() throws {
        let choice = try MethodAtDepth("2=sequential")
        #expect(choice.depth == 2 && choice.method == .sequential)
        for argument in ["", "1", "0=adaptive", "17=adaptive", "x=adaptive", "1=nothing"] {
            #expect(throws: ValidationError.self) { try MethodAtDepth(argument) }
        }
    }

    @Test("a review approves, edits, refuses, and ends with its input")
    func dialogue() async throws {
        func dialogue(_ lines: [String]) -> PlanReview {
            let rest = Mutex(lines[...])
            return PlanDialogue(show: { _ in }, read: { rest.withLock { $0.popFirst() } }).review
        }
        let plan = Plan(subtasks: [Subtask(id: 1, task: "a"), Subtask(id: 2, task: "b")])
        #expect(try await dialogue([""]).plan(plan) == .approved)
        #expect(try await dialogue(["what?", "n"]).plan(plan) == .refused("by hand"))
        #expect(try await dialogue([]).plan(plan) == .refused("the input ended"))
        let edited = Plan(subtasks: [Subtask(id: 1, task: "c"), Subtask(id: 2, task: "d", after: [1])])
        #expect(try await dialogue(["e", "1: c", "2 after 1: d", ""]).plan(plan) == .edited(edited))
        #expect(try await dialogue(["e", "x = 5", ""]).results(["x = 4"]) == .edited(["x = 5"]))
    }
}
