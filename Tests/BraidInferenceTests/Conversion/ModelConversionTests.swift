import Foundation
import Testing

@testable import BraidInference

@Suite("Conversion to GGUF")
struct ModelConversionTests {
    private struct Expected: Decodable {
        let tokenizer: String
        let kept: String
        let hashes: [String: String]
    }

    private static let cases = ["byte-level", "sentence-piece"]

    /// A folder that is complete: the checkpoint of `Fixtures/conversion` and its tokenizer.
    private func complete(_ name: String) throws -> (folder: URL, owner: TemporaryModelFolder, expected: Expected) {
        let source = Fixture.folder.appendingPathComponent("conversion/\(name)")
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: source.appendingPathComponent("expected.json")))
        let parent = try TemporaryModelFolder()
        let folder = parent.url.appendingPathComponent(name)
        try FileManager.default.copyItem(at: source, to: folder)
        try FileManager.default.copyItem(
            at: FamilyFixture.folder(expected.tokenizer).appendingPathComponent("tokenizer.json"),
            to: folder.appendingPathComponent("tokenizer.json"))
        return (folder, parent, expected)
    }

    private func hash(_ bytes: [UInt8]) -> String {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func logits(_ source: ModelSource, _ ids: [Int32]) throws -> [[Float]] {
        let cached = try CachedTransformer(source)
        return try cached.extend(cached.cache.open(), ids)
    }

    @Test("the files are those of the gguf package, byte for byte", arguments: cases, ConversionType.allCases)
    func filesAreExact(name: String, type: ConversionType) throws {
        let (folder, owner, expected) = try complete(name)
        let output = owner.url.appendingPathComponent("out.gguf")
        try ModelConversion(of: folder, to: type).write(to: output)
        let bytes = try Array(Data(contentsOf: output))
        if type.rawValue == expected.kept {
            let kept = try Array(Data(contentsOf: folder.appendingPathComponent("\(type.rawValue).gguf")))
            let place = zip(bytes, kept).enumerated().first { $1.0 != $1.1 }?.offset
            #expect(place == nil, "they differ at byte \(place ?? 0)")
            #expect(bytes.count == kept.count)
        }
        #expect(hash(bytes) == expected.hashes[type.rawValue])
        let names = try FileManager.default.contentsOfDirectory(atPath: owner.url.path).sorted()
        #expect(names == [name, "out.gguf"].sorted())
    }

    @Test("tokenizer, template and special tokens survive", arguments: cases)
    func tokenizersSurvive(name: String) throws {
        let (folder, owner, expected) = try complete(name)
        let output = owner.url.appendingPathComponent("out.gguf")
        try ModelConversion(of: folder).write(to: output)
        let source = try ModelSource(contentsOf: output)
        let tokenizer = try Tokenizer(contentsOf: folder)
        let converted = try Tokenizer(of: source, at: output)
        #expect(converted.fingerprint == tokenizer.fingerprint)
        #expect(converted.controlTags == tokenizer.controlTags)
        #expect(converted.beginTokenIDs == tokenizer.beginTokenIDs)
        #expect(converted.bosTokenID == tokenizer.bosTokenID)
        var texts = try FamilyFixture.load(expected.tokenizer).expected.texts(of: expected.tokenizer)
        for _ in 0..<1_000 {
            let text = texts.text()
            let ids = tokenizer.encode(text, allowingControlTokens: true)
            #expect(converted.encode(text, allowingControlTokens: true) == ids, "\(text.debugDescription)")
            #expect(converted.encode(text) == tokenizer.encode(text))
            #expect(converted.decode(ids).utf8.elementsEqual(tokenizer.decode(ids).utf8))
        }
        let messages = [ChatMessage(.user, "a<|eot_id|>")]
        #expect(
            try ChatTemplate(of: source, at: output)?.render(messages).pieces.map(\.text)
                == ChatTemplate(contentsOf: folder)?.render(messages).pieces.map(\.text))
        let configuration = try ModelConfiguration(contentsOf: folder)
        #expect(Set(source.configuration.endTokenIDs) == Set(configuration.endTokenIDs))
        #expect(source.configuration.beginTokenID == configuration.beginTokenID)
    }

    @Test("every family keeps its numbers and its logits", arguments: Fixture.all)
    func familiesSurvive(fixture: Fixture) throws {
        let folder = try TemporaryModelFolder()
        for file in try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path) {
            try FileManager.default.copyItem(
                at: fixture.folder.appendingPathComponent(file), to: folder.url.appendingPathComponent(file))
        }
        try folder.write(
            """
            {"added_tokens": [], "model": {"type": "BPE", "unk_token": "u", "vocab": {"u": 0, "a": 1}, "merges": []},
             "decoder": {"type": "Metaspace"}}
            """, to: "tokenizer.json")
        let output = folder.url.appendingPathComponent("out.gguf")
        try ModelConversion(of: folder.url).write(to: output)
        let (original, converted) = (try fixture.model(), try ModelSource(contentsOf: output))
        #expect(
            original.tensorNames.filter { $0 != "lm_head.weight" || !original.configuration.tiesEmbeddings }
                == converted.tensorNames)
        for name in converted.tensorNames {
            #expect(try original.tensor(name).floats() == converted.tensor(name).floats(), "\(name)")
        }
        let ids = try fixture.expected().ids
        let (before, after) = (try logits(original, ids), try logits(converted, ids))
        if case .llama3 = original.configuration.ropeScaling {
            #expect(relativeDifference(after, before) < 1e-5)
        } else {
            #expect(after == before)
        }
        // f32 holds what bf16 and f16 do.
        try ModelConversion(of: folder.url, to: .f32).write(to: output)
        let widened = try ModelSource(contentsOf: output)
        #expect(try widened.tensor("model.embed_tokens.weight").elementType == .float32)
        #expect(relativeDifference(try logits(widened, ids), before) < 1e-5)
    }

    @Test("what cannot be written is refused, and nothing is left behind")
    func failuresLeaveNothing() throws {
        let (folder, owner, _) = try complete("byte-level")
        #expect(throws: ModelConversionError.unwritable(path: owner.url.path, reason: "it is a folder")) {
            try ModelConversion(of: folder).write(to: owner.url)
        }
        let nowhere = owner.url.appendingPathComponent("none/out.gguf")
        #expect(throws: ModelConversionError.self) { try ModelConversion(of: folder).write(to: nowhere) }
        // 1e30 is no half.
        let huge: [UInt8] = withUnsafeBytes(of: Float(1e30).bitPattern.littleEndian) { Array($0) }
        let url = folder.appendingPathComponent("model.safetensors")
        var bytes = try Array(Data(contentsOf: url))
        bytes[(bytes.count - 2)...] = huge[2...]
        try Data(bytes).write(to: url)
        // The norm at the end stays f32; the matrix before it does not.
        try ModelConversion(of: folder, to: .f16).write(to: owner.url.appendingPathComponent("norm.gguf"))
        let encoder = TensorEncoder(name: "w", type: .f16)
        let owned = AlignedBytes(copying: huge.withUnsafeBytes { UnsafeRawBufferPointer($0) })
        let view = TensorView(elementType: .float32, shape: [1, 1], bytes: owned.bytes, owner: owned)
        #expect(throws: ModelConversionError.unrepresentable(tensor: "w", value: "1e+30", type: .f16)) {
            try encoder.encode(view)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: owner.url.path).sorted()
        #expect(names == ["byte-level", "norm.gguf"])
    }

    @Test("a tokenizer that GGUF has no name for is refused")
    func unknownPatternsAreRefused() throws {
        let (folder, owner, _) = try complete("byte-level")
        let url = folder.appendingPathComponent("tokenizer.json")
        let text = try String(contentsOf: url, encoding: .utf8).replacingOccurrences(of: "{1,3}", with: "{1,4}")
        try text.write(to: url, atomically: true, encoding: .utf8)
        #expect(throws: ModelLoadingError.self) { try ModelConversion(of: folder) }
        withExtendedLifetime(owner) {}
    }

    @Test("nearest halves and bfloat16 numbers are the inverse of widening, and round to even")
    func narrowingIsExact() {
        for bits in UInt16.min...UInt16.max where bits & 0x7C00 != 0x7C00 {
            #expect(UInt16(halfNearest: Float(half: bits)) == bits)
        }
        for bits in UInt16.min...UInt16.max where bits & 0x7F80 != 0x7F80 {
            #expect(UInt16(bfloatNearest: Float(bitPattern: UInt32(bits) << 16)) == bits)
        }
        // Half-way between 2048 and 2050 is 2049; 2051 is nearer to 2052 by evenness.
        #expect(UInt16(halfNearest: 2049) == UInt16(halfNearest: 2048))
        #expect(UInt16(halfNearest: 2051) == UInt16(halfNearest: 2052))
        #expect(UInt16(halfNearest: 65_519) == 0x7BFF)
        #expect(UInt16(halfNearest: 65_520) == 0x7C00)
        #expect(UInt16(halfNearest: 0x1p-25) == 0)
        #expect(UInt16(halfNearest: 0x1.8p-24) == 2)
        #expect(Float(half: UInt16(halfNearest: .nan)).isNaN)
        #expect(UInt16(bfloatNearest: Float(bitPattern: 0x3F80_8000)) == 0x3F80)
        #expect(UInt16(bfloatNearest: Float(bitPattern: 0x3F81_8000)) == 0x3F82)
        #expect(Float(bitPattern: UInt32(UInt16(bfloatNearest: .nan)) << 16).isNaN)
    }
}
