import Foundation
import Testing

@testable import BraidGateway

/// Mutated bodies: whatever is wrong with them, the answer is an error that says where.
///
/// `BRAID_FUZZ_COUNT` bodies of each kind, 2000 unless it says otherwise; `BRAID_FUZZ_SEED` says which.
struct RequestFuzzTests {
    private static func setting(_ name: String, default value: UInt64) -> UInt64 {
        min(ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? value, 1 << 32)
    }

    @Test(arguments: RequestTests.Kind.allCases)
    func mutatedBodiesDoNotTrap(_ kind: RequestTests.Kind) {
        let count = Self.setting("BRAID_FUZZ_COUNT", default: 2000)
        let seed = Self.setting("BRAID_FUZZ_SEED", default: 1)
        var takenCount = 0
        for number in 0..<count {
            var grammar = BodyGrammar(seed: seed << 32 + number)
            let body = grammar.body(of: kind)
            do {
                try kind.read(body)
                takenCount += 1
            } catch {
                let isBody = error.param == nil && error.message.hasPrefix("the body")
                #expect(
                    error.status == 400 && (error.param?.isEmpty == false || isBody) && !error.message.isEmpty,
                    "\(number): \(error.message) \(String(decoding: body.prefix(2000), as: UTF8.self))")
                // What a client is told can be read itself.
                #expect(throws: Never.self) { try JSONDocument(error.body) }
            }
        }
        // Mutants that are never taken would test the first check alone.
        #expect(takenCount > count / 100)
        #expect(takenCount < count)
    }
}

/// Writes bodies: a full request of a kind with some of its parts replaced, renamed, doubled, left out or broken.
private struct BodyGrammar {
    private indirect enum Value {
        case raw(String)
        case array([Value])
        case object([(name: String, value: Value)])

        var text: String {
            switch self {
            case .raw(let text): text
            case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
            case .object(let members):
                "{" + members.map { "\($0.name):\($0.value.text)" }.joined(separator: ",") + "}"
            }
        }
    }

    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func body(of kind: RequestTests.Kind) -> [UInt8] {
        var value = Self.value(of: kind)
        for _ in 0..<Int.random(in: 0...3, using: &generator) { value = mutated(value, depth: 0) }
        var bytes = Array(value.text.utf8)
        // One in four is broken below the grammar, too.
        guard Int.random(in: 0..<4, using: &generator) == 0, !bytes.isEmpty else { return bytes }
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.removeSubrange(index...)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
        default: bytes += bytes[index...]
        }
        return bytes
    }

    private mutating func mutated(_ value: Value, depth: Int) -> Value {
        let goesDeeper = Int.random(in: 0..<5, using: &generator) > 0
        switch value {
        case .array(var elements) where goesDeeper && !elements.isEmpty:
            let index = Int.random(in: 0..<elements.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: elements.remove(at: index)
            case 1: elements += Array(repeating: elements[index], count: 70)
            default: elements[index] = mutated(elements[index], depth: depth + 1)
            }
            return .array(elements)
        case .object(var members) where goesDeeper && !members.isEmpty:
            let index = Int.random(in: 0..<members.count, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: members.remove(at: index)
            case 1: members.append((members[index].name, hostile()))
            case 2: members[index].name = hostileName()
            case 3: members.append((hostileName(), hostile()))
            default: members[index].value = mutated(members[index].value, depth: depth + 1)
            }
            return .object(members)
        default: return hostile()
        }
    }

    private mutating func hostileName() -> String {
        Self.names.randomElement(using: &generator) ?? "\"x\""
    }

    private mutating func hostile() -> Value {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: return .raw(String(repeating: "[", count: 70) + String(repeating: "]", count: 70))
        case 1: return .raw("\"" + String(repeating: "x", count: Int.random(in: 0...2000, using: &generator)) + "\"")
        case 2: return .array(Array(repeating: .raw("7"), count: Int.random(in: 0...300, using: &generator)))
        case 3: return .raw(String(Int.random(in: .min ... .max, using: &generator)))
        case 4: return .raw("\(Double.random(in: -2...2, using: &generator))")
        default: return .raw(Self.values.randomElement(using: &generator) ?? "null")
        }
    }

    private static let names = [
        "\"\"", "\"x\"", "\"model\"", "\"braid\"", "\"n\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"a\\nb\"", "\"🙂\"", "1",
        "null",
        "\"messages\"", "\"prompt\"", "\"stop\"", "\"type\"", "\"stream_options\"", "\"tools\"",
    ]
    private static let values = [
        "null", "true", "false", "0", "-0", "1", "-1", "0.1", "1.0", "1e2", "1e400", "-1e400", "1e-400",
        "9223372036854775807",
        "9223372036854775808", "18446744073709551616", "2147483648", "-2147483649", "NaN", "Infinity", "01", "+1", "",
        "\"\"",
        "\"x\"", "\"1\"", "\"none\"", "\"user\"", "\"tool\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"\\u0000\"",
        "\"\u{07}\"",
        "[]", "{}", "[null]", "[[]]", "[{}]", "[1,\"a\"]", "{\"a\":1}", "{\"type\":\"text\",\"text\":\"x\"}",
        "[\"a\",\"b\"]",
        "{\"type\":\"json_schema\"}", "{\"include_usage\":1}", "[1,2,3]", "[[1,2],[3]]", "\u{FEFF}1", "1 2", "{,}",
        "/**/1",
    ]

    private static func value(of kind: RequestTests.Kind) -> Value {
        func raw(_ name: String, _ text: String) -> (name: String, value: Value) { ("\"\(name)\"", .raw(text)) }
        func text(_ name: String, _ text: String) -> (name: String, value: Value) { raw(name, "\"\(text)\"") }
        let sampling = [
            raw("temperature", "0.5"), raw("top_p", "0.9"), raw("top_k", "5"), raw("min_p", "0"), raw("seed", "7"),
            raw("repetition_penalty", "1"),
        ]
        let message = Value.object([text("role", "user"), text("content", "q")])
        let parts = Value.object([
            text("role", "user"),
            ("\"content\"", .array([.object([text("type", "text"), text("text", "q")])])),
        ])
        let braid = Value.object([
            raw("max_threads", "3"), raw("max_depth", "1"), raw("max_total_tokens", "100"), raw("timeout_s", "2.5"),
            raw("samples", "3"), raw("check_joins", "true"), text("reasoning", "both"), text("order", "canonical"),
        ])
        switch kind {
        case .chat:
            return .object(
                sampling + [
                    text("model", "m"), ("\"messages\"", .array([message, parts])), raw("max_tokens", "5"),
                    raw("n", "1"),
                    ("\"stop\"", .array([.raw("\"a\""), .raw("\"b\"")])), raw("stream", "true"),
                    ("\"stream_options\"", .object([raw("include_usage", "true")])), raw("logprobs", "false"),
                    text("reasoning_effort", "low"), ("\"response_format\"", .object([text("type", "text")])),
                    ("\"tools\"", .array([])), ("\"braid\"", braid),
                    ("\"chat_template_kwargs\"", .object([raw("enable_thinking", "true")])),
                ])
        case .completion:
            return .object(
                sampling + [
                    text("model", "m"), ("\"prompt\"", .array([.raw("1"), .raw("2")])), raw("max_tokens", "5"),
                    raw("n", "1"), ("\"stop\"", .array([.raw("\"a\"")])), ("\"stop_token_ids\"", .array([.raw("3")])),
                    raw("echo", "true"), raw("logprobs", "1"), raw("min_tokens", "0"), raw("stream", "false"),
                    raw("return_token_ids", "true"), raw("skip_special_tokens", "false"),
                ])
        case .responses:
            return .object(
                sampling + [
                    text("model", "m"), text("instructions", "i"),
                    (
                        "\"input\"",
                        .array([
                            message,
                            .object([
                                text("type", "message"), text("role", "user"),
                                ("\"content\"", .array([.object([text("type", "input_text"), text("text", "q")])])),
                            ]),
                        ])
                    ), raw("max_output_tokens", "5"), ("\"reasoning\"", .object([text("effort", "low")])),
                    ("\"text\"", .object([("\"format\"", .object([text("type", "text")]))])),
                    ("\"metadata\"", .object([text("a", "b")])), ("\"tools\"", .array([])), ("\"braid\"", braid),
                ])
        case .tokenize: return .object([text("model", "m"), text("prompt", "q"), raw("add_special_tokens", "true")])
        case .detokenize: return .object([text("model", "m"), ("\"tokens\"", .array([.raw("1"), .raw("2")]))])
        }
    }
}
