import ArgumentParser
import Testing

@testable import BraidCLI

@Suite("Options of remote engines")
struct RemoteOptionsTests {
    private func resolved(_ arguments: [String], model: String?, base: String?) throws -> [String] {
        try RemoteOptions.parse(arguments).resolved(
            model: model, for: .adaptive, environment: base.map { ["OPENAI_BASE_URL": $0] } ?? [:]
        ).engine
    }

    @Test("OPENAI_BASE_URL names the engine of a model that is not here")
    func baseURL() throws {
        #expect(try resolved([], model: "gpt", base: "http://h/v1") == ["http://h/v1"])
        #expect(try resolved([], model: "gpt", base: nil) == [])
        #expect(try resolved([], model: "gpt", base: "") == [])
        #expect(try resolved([], model: nil, base: "http://h/v1") == [])
        #expect(try resolved([], model: "braid-puzzles", base: "http://h/v1") == [])
        #expect(try resolved([], model: "/", base: "http://h/v1") == [])
        #expect(try resolved(["--engine", "http://own"], model: "gpt", base: "http://h/v1") == ["http://own"])
    }

    @Test("options of an engine need one", arguments: [["--tokenizer", "braid-puzzles"], ["--chat"]])
    func alone(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try RemoteOptions.parse(arguments) }
    }
}
