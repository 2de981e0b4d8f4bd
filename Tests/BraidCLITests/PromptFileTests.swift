import ArgumentParser
import Braid
import Foundation
import Testing

@testable import BraidCLI

@Suite("Prompts from a file")
struct PromptFileTests {
    private static func templates(_ text: String, for methods: MethodChoice...) throws -> [String: PromptTemplate] {
        try PromptFile.templates(
            in: Data(text.utf8), from: "mine.json", allowed: methods.flatMap(\.promptNames))
    }

    private static func method(
        _ choice: MethodChoice, _ text: String, asking frame: AnswerFrame = .dialect(.braid)
    ) throws -> any ReasoningMethod {
        try MethodOptions.parse([]).method(choice, asking: frame, with: try templates(text, for: choice))
    }

    @Test("a text, or its parts, by a prompt's name")
    func forms() throws {
        let found = try Self.templates(
            #"{"value": "Rate {steps} of {question}", "answer": {"system": "s", "user": "{question} {steps}"}}"#,
            for: .treeOfThoughts)
        #expect(
            found == [
                "value": PromptTemplate(user: "Rate {steps} of {question}"),
                "answer": PromptTemplate(system: "s", user: "{question} {steps}"),
            ])
        let method = try Self.method(.treeOfThoughts, #"{"value": "Rate {steps} of {question}"}"#)
        let prompts = try #require(method as? TreeOfThoughts).prompts
        #expect(prompts.value == PromptTemplate(user: "Rate {steps} of {question}"))
        #expect(prompts.vote == TreeOfThoughts.Prompts().vote)
    }

    @Test("every prompt of every method can be replaced")
    func names() throws {
        for (choice, count) in [
            (MethodChoice.skeletonOfThought, 4), (.treeOfThoughts, 5), (.graphOfThoughts, 5), (.mcts, 4),
            (.adaptivePlan, 12), (.bestOfN, 2), (.sequential, 1), (.selfConsistency, 1), (.adaptive, 0),
        ] {
            #expect(choice.promptNames.count == count)
        }
        let all =
            "{question}{steps}{reflections}{skeleton}{number}{point}{choices}{thought}{thoughts}{objection}"
            + "{task}{results}{result}{plan}"
        for choice in [MethodChoice.skeletonOfThought, .treeOfThoughts, .graphOfThoughts, .mcts, .adaptivePlan] {
            for name in choice.promptNames {
                let text = #"{"\#(name)": "mine \#(all)"}"#
                #expect("\(try Self.method(choice, text))".contains("mine {question}"), "\(choice) \(name)")
            }
        }
    }

    @Test("methods that ask for whole answers ask in words then")
    func words() throws {
        let options = try MethodOptions.parse([])
        let templates = try Self.templates(#"{"answer": "Q {question}"}"#, for: .sequential)
        let engine = ScriptedEngine.split
        #expect(
            try options.frame(for: engine, asking: .sequential, with: templates)
                == .words(PromptTemplate(user: "Q {question}")))
        #expect(try options.frame(for: engine, asking: .adaptive, with: templates) == .dialect(.braid))
        #expect(try options.frame(for: engine, asking: .sequential, with: [:]) == .dialect(.braid))
    }

    @Test(
        "what cannot be used is refused with what is allowed",
        arguments: [
            ("", "it is not valid JSON"), ("[]", "the document: "), ("{}", "it is empty"), ("{\"plan\": 3}", "plan"),
            ("{\"plan\": {}}", "plan has no user"),
            ("{\"plan\": {\"user\": \"x\", \"usr\": \"\"}}", "allowed: system, user"),
            ("{\"plann\": \"{question}\"}", "the prompt 'plann'; allowed here: decomposable, distil"),
            ("{\"plan\": \"Go\"}", "the prompt plan lacks {question}"),
            ("{\"subtask\": \"{task}\"}", "the prompt subtask lacks {results}"),
        ])
    func refused(text: String, words: String) {
        #expect {
            _ = try Self.method(.adaptivePlan, text)
        } throws: {
            "\($0)".contains(words)
        }
    }

    @Test("layouts of hogwild by name")
    func layouts() throws {
        for layout in HogwildInference.Layout.allCases {
            let method = try MethodOptions.parse(["--layout", layout.rawValue]).method(
                .hogwild, asking: .dialect(.braid))
            #expect((method as? HogwildInference)?.layout == layout)
        }
        #expect(throws: (any Error).self) { try MethodOptions.parse(["--layout", "round"]) }
        #expect(throws: (any Error).self) { try MethodOptions.parse(["--layout", "combined"]).check(forAny: [.mcts]) }
    }
}
