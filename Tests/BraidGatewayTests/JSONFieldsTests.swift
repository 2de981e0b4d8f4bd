import Testing

@testable import BraidGateway

@Suite struct JSONFieldsTests {
    private func bytes(_ text: String, _ replacing: [String: String] = ["model": "x\"y"]) throws -> String {
        String(
            decoding: try JSONFields(Array(text.utf8)).bytes(without: ["braid"], replacing: replacing), as: UTF8.self)
    }

    @Test func everythingElseStaysByteForByte() throws {
        let tools = #" [ {"a": "}\"],{", "b": 1e400, "c": [1.0, -0, "é\u0041"]} ] "#
        #expect(
            try bytes(#" { "model" : "m", "braid": {"a": [1, "}"]}, "tools":"# + tools + "} ")
                == #"{"model":"x\"y","tools":"# + tools + "}")
        #expect(try bytes("{}") == "{}")
        #expect(try bytes(#"{"n":0.1}"#) == #"{"n":0.1}"#)
    }

    @Test(arguments: ["", "[]", "{", #"{"a"#, #"{"a":1"#, #"{"a":"\"#, "{a:1}", #"{"a":1;}"#])
    func whatIsNoObjectIsRefused(_ text: String) {
        #expect(throws: OpenAIError.self) { try bytes(text) }
    }
}
