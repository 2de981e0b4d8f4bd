import Testing

@testable import BraidGateway

/// What the reader of bodies takes and refuses.
struct JSONDocumentTests {
    private static func document(_ text: String) throws -> JSONDocument { try JSONDocument(Array(text.utf8)) }

    private static func failure(_ bytes: [UInt8]) -> OpenAIError? {
        do {
            _ = try JSONDocument(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "null", " true ", "0", "-0", "12.5e-3", "\"\"", "[]", "{}", "[[],{}]", "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
        "\"\\u00e9\\ud83d\\ude00\\n\\\\\\/\"", "\"é😀\u{10FFFF}\"", "\t\r\n[ 1 , 2 ]\n", "{\"a\":1,\"a\":2}",
        String(repeating: "[", count: 64) + String(repeating: "]", count: 64), "[1e308,-1e308,1e-400]",
    ])
    func validTextsAreTaken(_ text: String) throws {
        _ = try Self.document(text)
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "True", "NaN", "Infinity", "-Infinity", "[NaN]", "+1", "01", "-", "1.", ".5", "1e",
        "1e+",
        "1e400", "-1e999999999", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
        "{,}",
        "[", "{", "\"", "\"\\", "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"\\ud800\"", "\"\\ud800\\n\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\"", "\"\\u0000\"", "\"a\nb\"", "\"\u{01}\"", "[1]]", "1 2", "{} {}", "[}", "{]", "]", ":", "//x\n1",
        "{\"a\":1 \"b\":2}", "[1//c\n]", "\u{FEFF}{}",
        String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
    ])
    func invalidTextsAreRefusedWhereTheyBreak(_ text: String) throws {
        let error = try #require(Self.failure(Array(text.utf8)))
        #expect(error.status == 400)
        #expect(error.code == "invalid_json")
        #expect(error.message.contains("line"))
    }

    @Test(
        arguments: [
            [0xFE, 0xFF, 0, 0x7B, 0, 0x7D], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], [0x7B, 0, 0x7D, 0], [0, 0, 0, 0x7B],
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], [0x22, 0xE2], [0x22, 0x00, 0x22],
            [0x22, 0xFF, 0x22],
        ] as [[UInt8]])
    func whatIsNotUTF8IsRefused(_ bytes: [UInt8]) throws {
        #expect(try #require(Self.failure(bytes)).code == "invalid_json")
    }

    @Test func theLineAndTheColumnAreNamed() throws {
        let error = try #require(Self.failure(Array("{\n  \"a\": 1,\n  \"b\": x\n}".utf8)))
        #expect(error.message.contains("line 3, column 8"))
    }

    @Test func theLastOfSeveralMembersCounts() throws {
        let members = try JSONMembers(Self.document("{\"a\":1,\"b\":0,\"\\u0061\":2}").root, knowing: ["a"])
        #expect(try members.integer("a", in: 0...9) == 2)
        #expect(members.unknown == ["b"])
    }

    @Test func textsAreDecodedAsWritten() throws {
        let text = try Self.document(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#).root.string()
        #expect(text == "a\"\\/\u{08}\u{0C}\n\r\té😀é😀")
    }

    @Test(arguments: [
        ("5", 5), ("-0", 0), ("5.0", 5), ("1e2", 100), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min),
    ])
    func exactIntegersAreRead(_ text: String, _ value: Int) throws {
        #expect(try Self.document(text).root.integer(in: .min ... .max) == value)
    }

    @Test(arguments: [
        "0.1", "9223372036854775808", "18446744073709551616", "1e19", "1e308", "true", "\"1\"", "null", "[]",
    ])
    func whatIsNoIntegerIsRefused(_ text: String) throws {
        #expect(throws: OpenAIError.self) {
            try Self.document("[\(text)]").root.elements()[0].integer(in: .min ... .max)
        }
    }

    @Test func largeBodiesAreReadInOnePass() throws {
        let deep = String(repeating: "[", count: 60) + "1" + String(repeating: "]", count: 60)
        let arrays = Array(("[" + Array(repeating: deep, count: 65_536).joined(separator: ",") + "]").utf8)
        #expect(try JSONDocument(arrays).root.elements().count == 65_536)

        let keys = (0..<1_000_000).map { "\"k\($0)\":1" }.joined(separator: ",")
        let members = try JSONMembers(JSONDocument(Array("{\(keys),\"n\":3}".utf8)).root, knowing: ["n"])
        #expect(try members.integer("n", in: 1...8) == 3)
        #expect(members.unknown.count == IgnoredFields.mostNames)

        let unclosed = [UInt8](repeating: UInt8(ascii: "["), count: 8 << 20)
        #expect(Self.failure(unclosed)?.message.contains("nested") == true)
        let text = "\"" + String(repeating: "x", count: 8 << 20) + "\""
        #expect(try Self.document(text).root.string().utf8.count == 8 << 20)
        let digits = "[" + String(repeating: "9", count: 8 << 20) + "]"
        #expect(Self.failure(Array(digits.utf8))?.message.contains("characters") == true)
    }

    @Test func partsArePassedOnByteForByte() throws {
        let text =
            #"{"model":"a", "seed" : 12345678901234567890.10, "braid":{},"tools":[ {"x":1E5} ],"mo\u0064el":"b"}"#
        let passed = try Self.document(text).object(
            without: ["braid"], replacing: ["model": Array("\"c\"".utf8)])
        let expected = #"{"model":"c","seed" : 12345678901234567890.10,"tools":[ {"x":1E5} ],"mo\u0064el":"c"}"#
        #expect(String(decoding: passed, as: UTF8.self) == expected)
    }

    @Test func ignoredNamesCannotWriteHeaders() {
        var ignored = IgnoredFields()
        ignored.add(["plain", "two\r\nset-cookie: a", "a,b", "é", String(repeating: "x", count: 500), "plain"])
        #expect(ignored.names.count == 5)
        #expect(ignored.headerValue == "plain, two??set-cookie:?a, a?b, ??, " + String(repeating: "x", count: 64))
    }
}
