import Testing

@testable import Braid

@Suite("Plans are read, repaired or refused")
struct PlanTests {
    @Test(
        "JSON in any wrapping, and lines",
        arguments: [
            #"{"subtasks":[{"id":1,"task":"a","after":[]},{"id":2,"task":"b","after":[1],"difficulty":5}],"width":3}"#,
            "Sure!\n```json\n{\"subtasks\": [{\"id\": 1, \"task\": \"a\"}, {\"id\": 2, \"task\": \"b\", \"after\": [1], \"difficulty\": 5}], \"width\": 3}\n```\nDone {ok}.",
        ])
    func json(reply: String) throws {
        let plan = try PlanReader.read(reply)
        #expect(plan.subtasks == [Subtask(id: 1, task: "a"), Subtask(id: 2, task: "b", after: [1], difficulty: 5)])
        #expect(plan.width == 3)
        #expect(try PlanReader.read(plan.json) == plan)
        #expect(try PlanReader.read(plan.lines).subtasks.map(\.after) == [[], [1]])
    }

    @Test("a schedule puts smaller subtasks before a long one")
    func splitSchedule() {
        var schedule = PlanSchedule(
            Plan(subtasks: [Subtask(id: 1, task: "a"), Subtask(id: 2, task: "b", after: [1])]))
        #expect(schedule.ready(width: 9).map(\.id) == [1])
        schedule.ended(1)
        #expect(schedule.ready(width: 9).map(\.id) == [2])
        let smaller = schedule.split(2, into: [Subtask(id: 1, task: "c"), Subtask(id: 2, task: "d", after: [1])])
        #expect(smaller == [Subtask(id: 3, task: "c", after: [1]), Subtask(id: 4, task: "d", after: [1, 3])])
        for id in [3, 4, 2] {
            #expect(schedule.ready(width: 9).map(\.id) == [id])
            schedule.ended(id)
        }
        #expect(schedule.isDone)
        #expect(schedule.split(9, into: [Subtask(id: 1, task: "e")]).isEmpty)
        #expect(schedule.isDone)
    }

    @Test("a list alone, lines with bullets, brackets in strings")
    func forms() throws {
        #expect(try PlanReader.read(#"[{"task":"a } ] \" b"}]"#).subtasks == [Subtask(id: 0, task: "a } ] \" b")])
        #expect(
            try PlanReader.read("Plan:\n1. find x\n - 2 after 1: use x\n3) rest\n").subtasks == [
                Subtask(id: 1, task: "find x"), Subtask(id: 2, task: "use x", after: [1]), Subtask(id: 3, task: "rest"),
            ])
    }

    @Test(
        "rubbish is refused with a reason",
        arguments: [
            ("", "no plan"), ("I cannot do that.", "no plan"), ("{\"subtasks\": 3}", "another type"),
            ("{\"steps\": []}", "missing"), ("{\"subtasks\":[{\"id\":1}]}", "missing"), ("{\"subtasks\":[", "no plan"),
            ("{{{", "no plan"), ("[1, 2]", "another type"), ("{not json}", "not valid JSON"),
        ])
    func rubbish(reply: String, why: String) {
        #expect {
            try PlanReader.read(reply)
        } throws: {
            "\($0)".contains(why)
        }
    }

    static func repaired(_ subtasks: [Subtask], limit: Int = 16) throws -> PlanRepair {
        try PlanRepair(Plan(subtasks: subtasks), limit: limit)
    }

    @Test("a good plan stays as it is")
    func good() throws {
        let subtasks = [
            Subtask(id: 1, task: "a"), Subtask(id: 2, task: "b"), Subtask(id: 3, task: "c", after: [1, 2]),
        ]
        let repair = try Self.repaired(subtasks)
        #expect(repair.plan.subtasks == subtasks)
        #expect(repair.changes.isEmpty)
    }

    @Test("ids, dependencies and repetitions are repaired")
    func repairs() throws {
        #expect(
            try Self.repaired([Subtask(id: 7, task: "a"), Subtask(id: 9, task: "b", after: [7])]).plan.subtasks.map(
                \.after) == [[], [1]])
        let doubled = try Self.repaired([
            Subtask(id: 1, task: "a"), Subtask(id: 1, task: "b", after: [2]), Subtask(id: 2, task: "c"),
        ])
        #expect(doubled.plan.subtasks.map(\.id) == [1, 2, 3])
        #expect(doubled.plan.subtasks.map(\.after) == [[], [3], []])
        let loose = try Self.repaired([
            Subtask(id: 1, task: "a", after: [1, 5, 2, 2], difficulty: 99), Subtask(id: 2, task: " "),
            Subtask(id: 3, task: "b"),
        ])
        #expect(loose.plan.subtasks.map(\.after) == [[], []])
        #expect(loose.plan.subtasks[0].difficulty == 5)
        #expect(loose.changes.count >= 3)
        let equal = try Self.repaired([
            Subtask(id: 1, task: "Do it"), Subtask(id: 2, task: "do  it."), Subtask(id: 3, task: "c", after: [1, 2]),
        ])
        #expect(equal.plan.subtasks.map(\.id) == [1, 3])
        #expect(equal.plan.subtasks[1].after == [1])
        let mentions = try Self.repaired([
            Subtask(id: 1, task: "a"), Subtask(id: 2, task: "add 3 to the result of part 1"),
            Subtask(id: 3, task: "double #2"),
        ])
        #expect(mentions.plan.subtasks.map(\.after) == [[], [1], [2]])
        let pair = try Self.repaired([Subtask(id: 1, task: "a", after: [2]), Subtask(id: 2, task: "b", after: [1])])
        #expect(pair.plan.subtasks.map(\.after) == [[], [1]])
    }

    @Test("what cannot be repaired is refused")
    func refused() {
        #expect(throws: PlanError.empty) { try Self.repaired([]) }
        #expect(throws: PlanError.empty) { try Self.repaired([Subtask(id: 1, task: "\n")]) }
        #expect(throws: PlanError.tooManySubtasks(3, limit: 2)) {
            try Self.repaired((1...3).map { Subtask(id: $0, task: "t\($0)") }, limit: 2)
        }
        #expect(throws: PlanError.cyclic([1, 2, 3])) {
            try Self.repaired([
                Subtask(id: 1, task: "a", after: [2]), Subtask(id: 2, task: "b", after: [3]),
                Subtask(id: 3, task: "c", after: [1]),
            ])
        }
    }

    @Test("random plans are repaired into graphs that come to an end, or refused", arguments: 0..<300)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...9, using: &random)
        let subtasks = (0..<count).map { _ in
            Subtask(
                id: Int.random(in: -1...9, using: &random),
                task: ["a", "b", "#2", "result of part 3", ""].randomElement(using: &random) ?? "",
                after: (0..<Int.random(in: 0...2, using: &random)).map { _ in Int.random(in: -1...9, using: &random) })
        }
        let plan: Plan
        do {
            plan = try PlanRepair(Plan(subtasks: subtasks), limit: 8).plan
        } catch {
            #expect(!"\(error)".isEmpty)
            return
        }
        var schedule = PlanSchedule(plan)
        for _ in 0..<100 where !schedule.isDone {
            let ready = schedule.ready(width: Int.random(in: 1...4, using: &random))
            #expect(ready.count <= 4)
            for subtask in schedule.subtasks where Bool.random(using: &random) { _ = schedule.wait(subtask.id, for: 1) }
            for subtask in ready { schedule.ended(subtask.id) }
        }
        for subtask in schedule.subtasks { schedule.ended(subtask.id) }
        #expect(schedule.isDone)
    }

    @Test("a plan's schedule: hardest first, waits, spawns, and starts again")
    func schedule() {
        var schedule = PlanSchedule(
            Plan(subtasks: [
                Subtask(id: 1, task: "a", difficulty: 1), Subtask(id: 2, task: "b", difficulty: 5),
                Subtask(id: 3, task: "c", after: [1]),
            ]))
        #expect(schedule.ready(width: 1).map(\.id) == [2])
        #expect(schedule.ready(width: 1).isEmpty)
        let waits = schedule.wait(2, for: 3)
        #expect(waits)
        let waitsForItself = schedule.wait(3, for: 2)
        #expect(!waitsForItself)
        #expect(schedule.ready(width: 2).map(\.id) == [1])
        schedule.ended(1)
        #expect(schedule.ready(width: 2).map(\.id) == [3])
        let spawned = schedule.spawn("d")
        #expect(spawned.id == 4)
        schedule.ended(3)
        #expect(schedule.ready(width: 2).map(\.id) == [2, 4])
        #expect(!schedule.isDone)
        schedule.ended(2)
        schedule.ended(4)
        #expect(schedule.isDone)
        #expect(schedule.dependents(of: [1]) == [1, 3, 2])
        schedule.again(1)
        #expect(schedule.ready(width: 9).map(\.id) == [1])
    }

    @Test(
        "is it decomposable by its words",
        arguments: [
            ("What is 2 + 2?", "no"), ("- do this\n- do that", "yes"), ("1. a\n2) b", "yes"),
            ("Solve 3x + 2 = 8 and 2y = 4 and give x + y", "yes"), ("Compare A with B for me please", "yes"),
            ("Who was she? And when did she live?", "yes"), ("Use 3, 7, 25 and 50 to make 765", "unsure"), ("", "no"),
        ])
    func decomposable(text: String, expected: String) {
        let found =
            switch Decomposability.judge(Question(text)) {
            case .yes: "yes"
            case .no: "no"
            case .unsure: "unsure"
            }
        #expect(found == expected)
    }

    @Test("results in replies")
    func replies() {
        #expect(SubtaskReply("I think.\nResult: 42").result == "42")
        #expect(SubtaskReply("Answer: a\nmore\nANSWER:\n b\n c").result == "b\nc")
        #expect(SubtaskReply(" x = 5\nNEW: check\n").result == "x = 5")
        #expect(SubtaskReply("NEED 2").needs == 2)
        #expect(SubtaskReply("need the result of 13").needs == 13)
        #expect(SubtaskReply("NEED more time").needs == nil)
        #expect(SubtaskReply("").result == "")
        #expect(SubtaskReply("NEED 99999999999999999999").needs == nil)
    }

    @Test("final and relevant results come first, and long ones are cut")
    func relevance() {
        let order = Relevance.order(
            ["red fox", "blue sky 7", "sky"], isFinal: [false, false, true], for: "is the sky blue")
        #expect(order == [2, 1, 0])
        #expect(Relevance.trimmed("abcdef", to: 3) == "…ef")
        #expect(Relevance.trimmed("abc", to: 3) == "abc")
    }
}
