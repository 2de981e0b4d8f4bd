import Testing

@testable import BraidCLI

/// The fields that a collector of traces is sent.
@Suite struct CollectorHeadersTests {
    @Test(arguments: [
        ("", [:]), ("api-key=abc", ["api-key": "abc"]), ("A=1, b = 2 ,", ["a": "1", "b": "2"]),
        ("authorization=Basic%20YWJj==", ["authorization": "Basic YWJj=="]), ("a=b=c", ["a": "b=c"]),
    ])
    func areRead(_ text: String, _ fields: [String: String]) throws {
        #expect(try CollectorHeaders(text).fields == fields)
    }

    @Test(arguments: ["secret", "a b=secret", "=secret", "a=secret%0d%0ab: c", "a=secret%", "ä=secret"])
    func areRefusedWithoutTheirValues(_ text: String) throws {
        let error = #expect(throws: InputError.self) { try CollectorHeaders(text) }
        #expect(error == .malformedHeaders(variable: "OTEL_EXPORTER_OTLP_HEADERS"))
        #expect(error?.description.contains("secret") == false)
    }
}
