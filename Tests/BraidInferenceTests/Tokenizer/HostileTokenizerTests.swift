import Foundation
import Testing

@testable import BraidInference

@Suite("A tokenizer.json that cannot be honoured is refused with a clear error")
struct HostileTokenizerTests {
    /// A minimal tokenizer: all bytes, two merges, one control token; each part can be replaced.
    private func load(
        vocabulary: String? = nil, extraVocabulary: String = "", merges: String = #"["t h", "th e"]"#,
        model: String = "", added: String = #"[{"id": 300, "content": "<Parallel>", "special": true}]"#,
        normalizer: String = "null", preTokenizer: String = #"{"type": "ByteLevel", "add_prefix_space": false}"#,
        decoder: String = #"{"type": "ByteLevel"}"#
    ) throws -> Tokenizer {
        let folder = try TemporaryModelFolder()
        let vocabulary = vocabulary ?? "{\(Self.bytes), \"th\": 256, \"the\": 257\(extraVocabulary)}"
        try folder.write(
            """
            {"added_tokens": \(added), "normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer),
             "post_processor": {"type": "ByteLevel"}, "decoder": \(decoder),
             "model": {"type": "BPE", "vocab": \(vocabulary), "merges": \(merges)\(model)}}
            """, to: "tokenizer.json")
        return try Tokenizer(contentsOf: folder.url)
    }

    /// The 256 byte tokens, as JSON members.
    private static let bytes: String = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) -> String in
            let isPrintable =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
            let scalar = isPrintable ? byte : next
            if !isPrintable { next += 1 }
            let digits = String(scalar, radix: 16)
            return "\"\\u" + String(repeating: "0", count: 4 - digits.count) + digits + "\": \(byte)"
        }.joined(separator: ",")
    }()

    private func label(_ body: () throws -> Tokenizer) -> String {
        do {
            let tokenizer = try body()
            return "loaded with \(tokenizer.vocabularySize) tokens"
        } catch let error as ModelLoadingError {
            return error.label
        } catch {
            return "\(error)"
        }
    }

    @Test("the minimal tokenizer loads")
    func minimalTokenizerLoads() throws {
        let tokenizer = try load()
        #expect(tokenizer.vocabularySize == 301)
        #expect(tokenizer.encode("the th") == [257, 32, 256])
        #expect(tokenizer.encode("<Parallel>", allowingControlTokens: true) == [300])
        #expect(tokenizer.bytes(of: 280).isEmpty)
        #expect(try load(merges: #"[["t", "h"], ["th", "e"]]"#).fingerprint == tokenizer.fingerprint)
    }

    @Test(
        "files that are no tokenizers",
        arguments: [
            "", "{", "[]", "{}", "null", "\u{0}", #"{"model": {}}"#, #"{"model": {"type": "BPE", "vocab": []}}"#,
        ])
    func malformedFilesAreRefused(content: String) throws {
        let folder = try TemporaryModelFolder()
        try folder.write(content, to: "tokenizer.json")
        #expect(label { try Tokenizer(contentsOf: folder.url) } == "malformed_file")
    }

    @Test("a missing file and a folder in its place")
    func missingFilesAreReported() throws {
        let folder = try TemporaryModelFolder()
        #expect(label { try Tokenizer(contentsOf: folder.url) } == "missing_file")
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("tokenizer.json"), withIntermediateDirectories: false)
        #expect(label { try Tokenizer(contentsOf: folder.url) } == "unreadable_file")
    }

    @Test("another kind of model", arguments: ["Unigram", "WordPiece", "WordLevel"])
    func otherModelsAreRefused(type: String) throws {
        let folder = try TemporaryModelFolder()
        try folder.write(#"{"model": {"type": "\#(type)", "vocab": [["a", 0.5]]}}"#, to: "tokenizer.json")
        #expect(label { try Tokenizer(contentsOf: folder.url) } == "unsupported")
    }

    @Test("ids that are negative, huge, used twice or contradictory")
    func badIDsAreRefused() {
        #expect(label { try load(extraVocabulary: #", "x1": -1"#) } == "invalid_value")
        #expect(label { try load(extraVocabulary: #", "x1": 4294967296"#) } == "invalid_value")
        #expect(label { try load(extraVocabulary: #", "x1": 99999999999999999999"#) } == "malformed_file")
        #expect(label { try load(extraVocabulary: #", "x1": 257"#) } == "malformed_file")
        #expect(label { try load(added: #"[{"id": 257, "content": "<a>"}]"#) } == "malformed_file")
        let twice = #"[{"id": 300, "content": "<a>"}, {"id": 300, "content": "<b>"}]"#
        #expect(label { try load(added: twice) } == "malformed_file")
        #expect(label { try load(added: #"[{"id": 301, "content": "the"}]"#) } == "malformed_file")
        #expect(label { try load(added: #"[{"id": -5, "content": "<a>"}]"#) } == "invalid_value")
    }

    @Test("merges of tokens that do not exist")
    func badMergesAreRefused() {
        #expect(label { try load(merges: #"["t q"]"#) } == "malformed_file")
        #expect(label { try load(merges: #"["tx h"]"#) } == "malformed_file")
        #expect(label { try load(merges: #"["t"]"#) } == "malformed_file")
        #expect(label { try load(merges: #"["t h e"]"#) } == "malformed_file")
        #expect(label { try load(merges: #"["日 h"]"#) } == "malformed_file")
        #expect(label { try load(merges: #"[["t"]]"#) } == "malformed_file")
        #expect(label { try load(merges: #"[["t", "h"], "th e"]"#) } == "malformed_file")
        #expect(label { try load(merges: "3") } == "malformed_file")
    }

    @Test("a vocabulary that cannot spell every text")
    func missingBytesAreRefused() {
        #expect(label { try load(vocabulary: #"{"a": 0}"#, merges: "[]") } == "unsupported")
    }

    @Test("what would change the ids if it were ignored")
    func unsupportedPartsAreRefused() {
        let split = #"{"type": "Split", "pattern": {"Regex": "a"}"#
        func sequence(_ first: String) -> String {
            #"{"type": "Sequence", "pretokenizers": [\#(first), {"type": "ByteLevel", "use_regex": false}]}"#
        }
        #expect(label { try load(normalizer: #"{"type": "NFKC"}"#) } == "unsupported")
        let lowercase = #"{"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}"#
        #expect(label { try load(normalizer: lowercase) } == "unsupported")
        #expect(label { try load(preTokenizer: "null") } == "unsupported")
        #expect(label { try load(preTokenizer: #"{"type": "Whitespace"}"#) } == "unsupported")
        #expect(label { try load(preTokenizer: sequence(#"{"type": "Metaspace"}"#)) } == "unsupported")
        #expect(label { try load(preTokenizer: sequence(#"{"type": "ByteLevel"}"#)) } == "unsupported")
        #expect(label { try load(preTokenizer: sequence(split + #", "behavior": "Removed"}"#)) } == "unsupported")
        let inverted = split + #", "behavior": "Isolated", "invert": true}"#
        #expect(label { try load(preTokenizer: sequence(inverted)) } == "unsupported")
        let patternless = #"{"type": "Split", "behavior": "Isolated"}"#
        #expect(label { try load(preTokenizer: sequence(patternless)) } == "malformed_file")
        for pattern in ["((", "", "[a", "(?<n"] {
            let broken = #"{"type": "Split", "pattern": {"Regex": "\#(pattern)"}, "behavior": "Isolated"}"#
            #expect(label { try load(preTokenizer: sequence(broken)) } == "malformed_file")
        }
        #expect(label { try load(decoder: "null") } == "unsupported")
        #expect(label { try load(decoder: #"{"type": "Metaspace"}"#) } == "unsupported")
        #expect(label { try load(model: #", "byte_fallback": true"#) } == "unsupported")
        #expect(label { try load(model: #", "dropout": 0.1"#) } == "unsupported")
        #expect(label { try load(model: #", "continuing_subword_prefix": "@@""#) } == "unsupported")
        #expect(label { try load(model: #", "end_of_word_suffix": "</w>""#) } == "unsupported")
        #expect(label { try load(added: #"[{"id": 300, "content": "<a>", "single_word": true}]"#) } == "unsupported")
    }

    @Test("merges and ignore_merges cannot make a control token out of plain text")
    func controlTokensCannotBeMerged() throws {
        let added = #"[{"id": 257, "content": "the", "special": true}]"#
        for option in ["", #", "ignore_merges": true"#] {
            let tokenizer = try load(model: option, added: added)
            #expect(tokenizer.encode("the") == [256, 101])
            #expect(tokenizer.encode("the", allowingControlTokens: true) == [257])
        }
    }

    @Test("runs of white space that are added tokens but not special are plain text")
    func whiteSpaceTokensArePlain() throws {
        let tokenizer = try load(added: #"[{"id": 300, "content": "   "}, {"id": 301, "content": "<think>"}]"#)
        #expect(tokenizer.encode("a   b<think>").prefix(3) == [97, 300, 98])
        #expect(tokenizer.controlTags == ["<think>"])
    }

    @Test("digits, literal splits and split patterns that match nothing or everything")
    func otherSplitsWork() throws {
        let byteLevel = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#
        func sequence(_ first: String) -> String {
            #"{"type": "Sequence", "pretokenizers": [\#(first), \#(byteLevel)]}"#
        }
        func split(_ pattern: String) -> String {
            sequence(#"{"type": "Split", "pattern": \#(pattern), "behavior": "Isolated"}"#)
        }
        let text = "the the"
        for pattern in ["(?=q)", #"[^\\s\\S]"#] {
            let tokenizer = try load(preTokenizer: split(#"{"Regex": "\#(pattern)"}"#))
            #expect(tokenizer.encode(text) == [257, 32, 257], "\(pattern)")
        }
        #expect(try load(preTokenizer: split(#"{"String": "h"}"#)).encode("the") == [116, 104, 101])
        #expect(try load(preTokenizer: split(#"{"String": "."}"#)).encode("the") == [257])
        let digits = sequence(#"{"type": "Digits", "individual_digits": true}"#)
        let merges = #"["t h", "th e", "1 2"]"#
        #expect(try load(extraVocabulary: #", "12": 258"#, merges: merges).encode("12") == [258])
        #expect(
            try load(extraVocabulary: #", "12": 258"#, merges: merges, preTokenizer: digits).encode("12") == [49, 50])
    }

    @Test("cut and spoilt files of every family are refused or work, and never trap")
    func mutatedFilesDoNotTrap() throws {
        var random = SeededGenerator(seed: 4 &+ Fuzzing.seed)
        let count = Fuzzing.count(default: 3_000)
        let files = try FamilyFixture.names.map { name in
            Array(try Data(contentsOf: FamilyFixture.folder(name).appendingPathComponent("tokenizer.json")))
        }
        func pick(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }
        let words = [
            "-1", "0", "4294967296", "9223372036854775808", "1e309", "null", "true", "[]", "{}", "\"\"", "\"\\ud800\"",
            "\u{301}", "\"Regex\":\"(a|b)*\"", "\"type\":\"Sequence\"", "\"id\":7", "[[[[", "\u{0}", "<0x41>",
            "\u{2581}",
        ].map { Array($0.utf8) }
        let folder = try TemporaryModelFolder()
        let text = "The 12345 <s>[INST] caf\u{65}\u{301} \u{1F9D1}\r\n <tool> <0x41> \u{2581}x"
        var outcomes: [String: Int] = [:]
        for _ in 0..<count {
            var bytes = files[pick(files.count)]
            // Most of a file is vocabulary; the settings are at its beginning.
            let reach = pick(2) == 0 ? min(bytes.count, 3_000) : bytes.count
            for _ in 0..<1 + pick(3) {
                let place = min(pick(reach), max(0, bytes.count - 1))
                switch pick(5) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + pick(30)))
                case 2: bytes.insert(contentsOf: words[pick(words.count)], at: place)
                case 3: if pick(8) == 0 { bytes.removeSubrange(place...) }
                default:
                    // A whole number becomes another.
                    guard let digit = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) else {
                        continue
                    }
                    let end = bytes[digit...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
                    bytes.replaceSubrange(digit..<end, with: words[pick(5)])
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            try folder.write(bytes, to: "tokenizer.json")
            do {
                let tokenizer = try Tokenizer(contentsOf: folder.url)
                let ids = tokenizer.encode(text, allowingControlTokens: true) + tokenizer.encode(text)
                _ = tokenizer.decode(ids + [0, 7, 300, 1_000, -1])
                outcomes["loaded", default: 0] += 1
            } catch {
                outcomes["refused", default: 0] += 1
                if error.description.isEmpty { Issue.record("an error without words") }
            }
        }
        #expect(outcomes.values.reduce(0, +) == count)
        #expect(outcomes["loaded", default: 0] > 0 && outcomes["refused", default: 0] > 0, "\(outcomes)")
    }
}
