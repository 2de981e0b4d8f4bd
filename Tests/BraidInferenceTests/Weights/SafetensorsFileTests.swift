import Foundation
import Testing

@testable import BraidInference

struct SafetensorsFileTests {
    private func open(
        _ header: String, data: Int = 0, headerLength: UInt64? = nil
    ) throws -> SafetensorsFile {
        let folder = try TemporaryModelFolder()
        try folder.writeSafetensors(header, data: (0..<data).map { UInt8($0 % 251) }, headerLength: headerLength)
        return try SafetensorsFile(contentsOf: folder.url.appendingPathComponent("model.safetensors"))
    }

    private func label(_ body: () throws -> SafetensorsFile) -> String {
        do {
            return "opened with \(try body().tensorNames)"
        } catch let error as ModelLoadingError {
            return error.label
        } catch {
            return "\(error)"
        }
    }

    private func tensor(_ name: String, _ type: String, _ shape: String, _ begin: String, _ end: String) -> String {
        #""\#(name)": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": [\#(begin), \#(end)]}"#
    }

    @Test("numbers that were written are read back, in every element type")
    func numbersRoundTrip() throws {
        let floats: [Float] = [0, -0.0, 1, -2.5, 3.140625, 65_504, 0x1p-24, -0x1.8p-15, .infinity]
        let halves: [UInt16] = [0, 0x8000, 0x3C00, 0xC100, 0x4248, 0x7BFF, 0x0001, 0x8300, 0x7C00]
        var data: [UInt8] = []
        for value in floats { data += withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        for value in floats {
            data += withUnsafeBytes(of: UInt16(value.bitPattern >> 16).littleEndian) { Array($0) }
        }
        for value in halves { data += withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        let folder = try TemporaryModelFolder()
        let header = [
            tensor("half", "F16", "[9]", "54", "72"), tensor("full", "F32", "[3, 3]", "0", "36"),
            tensor("brain", "BF16", "[9, 1]", "36", "54"), tensor("none", "F32", "[0, 7]", "72", "72"),
            #""__metadata__": {"format": "pt"}"#,
        ]
        // One header padded to 8 bytes, as the format asks for, and one that puts every tensor at an odd address.
        for padding in 0..<8 {
            let text = "{" + header.joined(separator: ",") + "}"
            try folder.writeSafetensors(text + String(repeating: " ", count: padding), data: data)
            let file = try SafetensorsFile(contentsOf: folder.url.appendingPathComponent("model.safetensors"))
            #expect(file.tensorNames.sorted() == ["brain", "full", "half", "none"])
            let full = try file.tensor("full")
            #expect(full.shape == [3, 3])
            #expect(full.elementType == .float32)
            #expect(full.elementCount == 9)
            #expect(full.floats() == floats)
            #expect(full.floats()[1].sign == .minus)
            #expect(Int(bitPattern: full.bytes.baseAddress) % 4 == 0)
            let brain = try file.tensor("brain")
            #expect(brain.shape == [9, 1])
            #expect(brain.floats() == floats.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) })
            #expect(Int(bitPattern: brain.bytes.baseAddress) % 2 == 0)
            #expect(try file.tensor("half").floats() == floats)
            #expect(try file.tensor("none").floats().isEmpty)
        }
    }

    @Test("a view keeps its file mapped")
    func viewsOutliveTheFile() throws {
        let view = try open("{" + tensor("a", "F32", "[64]", "0", "256") + "}", data: 256).tensor("a")
        #expect(view.withBytes { $0[255] } == 4)
        #expect(view.floats().count == 64)
    }

    @Test("a scalar and a file without tensors")
    func smallestFilesOpen() throws {
        #expect(try open("{" + tensor("a", "F32", "[]", "0", "4") + "}", data: 4).tensor("a").elementCount == 1)
        #expect(try open("{}").tensorNames.isEmpty)
        #expect(try open(#"{"__metadata__": {}}"#).tensorNames.isEmpty)
    }

    @Test("a tensor that is not there, and one of integers")
    func unusableTensorsAreReported() throws {
        let file = try open("{" + tensor("ids", "I64", "[1]", "0", "8") + "}", data: 8)
        #expect(file.contains("ids"))
        #expect(throws: ModelLoadingError.missingTensor(name: "weights", path: file.path)) {
            try file.tensor("weights")
        }
        do {
            _ = try file.tensor("ids")
            Issue.record("handed out")
        } catch {
            #expect(error.label == "unsupported")
            #expect(error.description.contains("I64"))
        }
    }

    @Test("files that are missing, empty, folders or too short")
    func brokenFilesAreRefused() throws {
        let folder = try TemporaryModelFolder()
        let url = folder.url.appendingPathComponent("model.safetensors")
        #expect(label { try SafetensorsFile(contentsOf: url) } == "missing_file")
        #expect(label { try SafetensorsFile(contentsOf: folder.url) } == "unreadable_file")
        #expect(label { try SafetensorsFile(contentsOf: url.appendingPathComponent("below")) } == "missing_file")
        for count in 0..<8 {
            try folder.write([UInt8](repeating: 0, count: count), to: "model.safetensors")
            #expect(label { try SafetensorsFile(contentsOf: url) } == "malformed_file")
        }
        #expect(label { try SafetensorsFile(contentsOf: URL(fileURLWithPath: "/dev/zero")) } == "unreadable_file")
    }

    @Test(
        "headers whose length is a lie",
        arguments: [
            3, 5, 1_000, 99_999_999, 100_000_001, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max - 7, .max,
        ] as [UInt64])
    func lyingHeaderLengthsAreRefused(length: UInt64) {
        #expect(label { try open("{}  ", headerLength: length) } == "malformed_file")
    }

    @Test(
        "headers that are no header",
        arguments: [
            "", "{", "[]", "null", "{\"a\": 1}", "{\"a\": {}}", "\u{0}\u{0}", "{\"a\": {\"dtype\": \"F32\"}}",
            #"{"a": {"dtype": 1, "shape": [], "data_offsets": [0, 4]}}"#,
            #"{"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}}"#,
            #"{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}"#,
            #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": []}}"#,
            #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}"#,
            #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}"#,
        ])
    func malformedHeadersAreRefused(header: String) {
        #expect(label { try open(header, data: 4) } == "malformed_file")
    }

    @Test("tensors that are not where or what they claim")
    func lyingTensorsAreRefused() {
        func refused(_ tensors: String..., data: Int = 16) -> Bool {
            label { try open("{" + tensors.joined(separator: ",") + "}", data: data) } == "malformed_file"
        }
        #expect(!refused(tensor("a", "F32", "[4]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[4]", "-16", "0")))
        #expect(refused(tensor("a", "F32", "[4]", "16", "0")))
        #expect(refused(tensor("a", "F32", "[4]", "4", "20")))
        #expect(refused(tensor("a", "F32", "[4]", "9223372036854775800", "9223372036854775807")))
        #expect(refused(tensor("a", "F32", "[4]", "0", "18446744073709551615")))
        #expect(refused(tensor("a", "F32", "[5]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[3]", "0", "16")))
        #expect(refused(tensor("a", "F16", "[4]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[-4]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[-2, -2]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[4294967296, 4294967296, 4]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[4611686018427387904, 4]", "0", "0"), data: 0))
        #expect(refused(tensor("a", "F32", "[9223372036854775807, 9223372036854775807]", "0", "16")))
        #expect(refused(tensor("a", "F31", "[4]", "0", "16")))
        #expect(refused(tensor("a", "", "[4]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[4]", "0", "16"), tensor("b", "F32", "[4]", "0", "16")))
        #expect(refused(tensor("a", "F32", "[3]", "0", "12"), tensor("b", "F32", "[2]", "8", "16")))
        #expect(refused(tensor("a", "F32", "[1]", "0", "4"), tensor("b", "F32", "[2]", "8", "16")))
        #expect(refused(tensor("a", "F32", "[2]", "8", "16")))
        #expect(refused(tensor("a", "F32", "[2]", "0", "8")))
        #expect(refused("\"__metadata__\": {}"))
    }

    @Test("two thousand damaged copies of a file open or are refused, and never end the process")
    func damagedFilesNeverTrap() throws {
        let header =
            "{" + tensor("a", "F32", "[2, 4]", "0", "32") + "," + tensor("b", "BF16", "[3]", "32", "38") + "}"
        let intact =
            withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + [UInt8](repeating: 7, count: 38)
        let folder = try TemporaryModelFolder()
        let url = folder.url.appendingPathComponent("model.safetensors")
        var random = SplitMix64(state: 1)
        for _ in 0..<2_000 {
            var bytes = intact
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[index] = Array("0123456789-[]{},\":eE".utf8).randomElement(using: &random) ?? 0
                case 2: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: index)
                }
            }
            try folder.write(bytes, to: "model.safetensors")
            do {
                let file = try SafetensorsFile(contentsOf: url)
                for name in file.tensorNames {
                    do { _ = try file.tensor(name).floats() } catch { #expect(error.label == "unsupported") }
                }
            } catch {
                #expect(error.label == "malformed_file")
            }
        }
    }
}

/// A small seeded generator, so that a failure can be repeated.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
