import Foundation
import Testing

@testable import BraidInference

struct GGUFFileTests {
    private func open(_ bytes: [UInt8]) throws -> GGUFFile {
        let folder = try TemporaryModelFolder()
        try folder.write(bytes, to: "model.gguf")
        return try GGUFFile(contentsOf: folder.url.appendingPathComponent("model.gguf"))
    }

    private func error(_ bytes: [UInt8]) -> String {
        do {
            return "opened with \(try open(bytes).tensors.keys.sorted())"
        } catch let error as ModelLoadingError {
            return "\(error.label): \(error)"
        } catch {
            return "\(error)"
        }
    }

    @Test("metadata of every type, as the gguf package wrote them")
    func valuesAreRead() throws {
        let file = try GGUFFile(contentsOf: Fixture.folder.appendingPathComponent("gguf/metadata.gguf"))
        #expect(file.tensors.isEmpty)
        #expect(try file.string("general.architecture") == "llama")
        let integers = [
            "u8": 255, "i8": -128, "u16": 65_535, "i16": -32_768, "u32": 4_294_967_295, "i32": -2_147_483_648,
            "u64.fits": Int.max, "i64": .min,
        ]
        for (key, value) in integers { #expect(try file.integer(key) == value) }
        #expect(throws: ModelLoadingError.self) { try file.integer("u64") }
        #expect(try file.float("f32") == Double(Float(0.1)))
        #expect(try file.float("f64") == 0.1)
        #expect(try file.bool("yes") == true)
        #expect(try file.bool("no") == false)
        #expect(try file.string("text") == "h\u{E9}llo \u{1F642}")
        #expect(try file.strings("strings") == ["a", "", "\u{120}b"])
        #expect(try file.integers("integers") == [3, -4, 5])
        #expect(try file.floats("floats") == [0.5, -1.25])
        #expect(try file.string("nothing") == nil)
        #expect(try file.strings("nothing") == nil)
        #expect(try file.bool("nothing") == nil)
    }

    @Test("a value of another kind is refused, and the message says which")
    func kindsAreChecked() throws {
        let file = try GGUFFile(contentsOf: Fixture.folder.appendingPathComponent("gguf/metadata.gguf"))
        let calls: [() throws -> Void] = [
            { _ = try file.string("u8") }, { _ = try file.integer("text") }, { _ = try file.integer("f32") },
            { _ = try file.float("u8") }, { _ = try file.bool("u8") }, { _ = try file.strings("integers") },
            { _ = try file.integers("floats") }, { _ = try file.floats("integers") }, { _ = try file.strings("text") },
            { _ = try file.integers("bools") }, { _ = try file.integer("integers") },
        ]
        for call in calls {
            do {
                try call()
                Issue.record("read")
            } catch let error as ModelLoadingError {
                #expect(error.label == "invalid_value")
                #expect("\(error)".contains("allowed: a"), "\(error)")
            }
        }
    }

    @Test("every element type is widened to exactly what the gguf package makes of it")
    func blocksAreWidened() throws {
        let file = try GGUFFile(contentsOf: Fixture.folder.appendingPathComponent("gguf/blocks.gguf"))
        let names = file.tensors.keys.filter { !$0.hasSuffix(".expected") }
        #expect(Set(names.compactMap { file.tensors[$0]?.type.elementType }) == Set(TensorElementType.allCases))
        for name in names {
            let actual = try file.tensor(name).floats(), expected = try file.tensor(name + ".expected").floats()
            #expect(actual.count == expected.count && !actual.isEmpty)
            let wrong = zip(actual, expected).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
            #expect(wrong == nil, "\(name): \(String(describing: wrong))")
            let tensor = try file.tensor(name)
            #expect(tensor.elementCount == tensor.shape.reduce(1, *))
            #expect(tensor.elementCount == expected.count)
        }
    }

    @Test("a file put together by hand")
    func tensorsAreRead() throws {
        var bytes = GGUFBytes()
        bytes.pair("general.alignment", UInt32(64))
        bytes.alignment = 64
        bytes.tensor("a", extents: [3, 2], offset: 0)
        bytes.tensor("b", extents: [], offset: 64)
        bytes.tensor("none", extents: [0, 5], offset: 64)
        bytes.data = (0..<6).flatMap { GGUFBytes.bytes(Float($0).bitPattern) } + [UInt8](repeating: 0, count: 40)
        bytes.data += GGUFBytes.bytes(Float(7).bitPattern)
        let file = try open(bytes.file)
        #expect(try file.tensor("a").shape == [2, 3])
        #expect(try file.tensor("a").floats() == [0, 1, 2, 3, 4, 5])
        #expect(try file.tensor("b").floats() == [7])
        #expect(try file.tensor("b").shape == [])
        #expect(try file.tensor("none").floats() == [])
        #expect(throws: ModelLoadingError.missingTensor(name: "c", path: file.path)) { try file.tensor("c") }
    }

    @Test("a tensor of a type that cannot be read is listed and refused when it is wanted")
    func unreadableTypesAreListed() throws {
        var bytes = GGUFBytes()
        bytes.tensor("q2", extents: [256], type: 10, offset: 0)
        bytes.data = [UInt8](repeating: 1, count: 84)
        let file = try open(bytes.file)
        #expect(file.tensors["q2"]?.type.name == "Q2_K")
        #expect(throws: ModelLoadingError.self) { try file.tensor("q2") }
    }

    @Test("headers that are wrong are refused and say why")
    func badHeadersAreRefused() {
        #expect(error([]).hasPrefix("malformed_file"))
        #expect(error(Array("GGUF".utf8)).contains("the version"))
        #expect(error(Array("GGML\u{3}\u{0}\u{0}\u{0}".utf8)).contains("does not begin with GGUF"))
        for (version, word) in [(1, "GGUF version 1"), (2, "GGUF version 2"), (4, "GGUF version 4"), (0, "version 0")] {
            var bytes = GGUFBytes()
            bytes.version = UInt32(version)
            #expect(error(bytes.file).hasPrefix("unsupported"))
            #expect(error(bytes.file).contains(word), "\(error(bytes.file))")
        }
        var swapped = GGUFBytes()
        swapped.version = UInt32(3).byteSwapped
        #expect(error(swapped.file).contains("big-endian"))
        for count in [1, UInt64(1 << 17), 1 << 17 + 1, 1 << 40, .max] {
            var bytes = GGUFBytes()
            bytes.pairCount = count
            #expect(error(bytes.file).hasPrefix("malformed_file"))
            bytes = GGUFBytes()
            bytes.tensorCount = count
            #expect(error(bytes.file).hasPrefix("malformed_file"))
        }
    }

    @Test("metadata that are wrong are refused and say why")
    func badPairsAreRefused() {
        func refused(_ word: String, _ build: (inout GGUFBytes) -> Void) {
            var bytes = GGUFBytes()
            build(&bytes)
            let message = error(bytes.file)
            #expect(!message.hasPrefix("opened"), "\(word)")
            #expect(message.contains(word), "\(message)")
        }
        refused("unknown value type 13") { $0.pair("a", type: 13, []) }
        refused("unknown value type 77") { $0.array("a", type: 77, count: 0, []) }
        refused("array of arrays") { $0.array("a", type: 9, count: 0, []) }
        refused("must be 0 or 1") { $0.pair("a", type: 7, [2]) }
        refused("must be 0 or 1") { $0.array("a", type: 7, count: 3, [0, 1, 2]) }
        refused("there twice") {
            $0.pair("a", UInt32(1))
            $0.pair("a", UInt32(1))
        }
        refused("the length of the value of a is 16777217") {
            $0.pair("a", type: 8, GGUFBytes.string("x", length: 1 << 24 + 1))
        }
        refused("bytes, but only 1 are left") { $0.pair("a", type: 8, GGUFBytes.string("x", length: 1 << 24)) }
        refused("is 18446744073709551615") { $0.pair("a", type: 8, GGUFBytes.string("x", length: .max)) }
        for type in [UInt32(0), 8, 10] {
            refused("number of elements of a is 16777217") { $0.array("a", type: type, count: 1 << 24 + 1, []) }
            refused("number of elements of a is 9223372036854775808") {
                $0.array("a", type: type, count: 1 << 63, [])
            }
            refused("left") { $0.array("a", type: type, count: 1 << 24, []) }
        }
        for alignment in [UInt32(0), 1, 4, 12, 31, 33, 1 << 21, .max] {
            refused("general.alignment is \(alignment)") { $0.pair("general.alignment", alignment) }
        }
        refused("general.alignment is string") { $0.pair("general.alignment", "32") }
        refused("general.alignment is -1") { $0.pair("general.alignment", type: 5, GGUFBytes.bytes(UInt32.max)) }
        refused("not valid UTF-8") {
            $0.pair(bytes: GGUFBytes.bytes(UInt64(1)) + [0xFF] + GGUFBytes.bytes(UInt32(0)) + [1])
        }
    }

    @Test("strings that are no UTF-8 are refused when they are asked for")
    func invalidTextIsRefused() throws {
        var bytes = GGUFBytes()
        bytes.pair("a", type: 8, GGUFBytes.bytes(UInt64(2)) + [0xC3, 0x28])
        bytes.array("b", type: 8, count: 1, GGUFBytes.bytes(UInt64(1)) + [0xFF])
        let file = try open(bytes.file)
        #expect(throws: ModelLoadingError.self) { try file.string("a") }
        #expect(throws: ModelLoadingError.self) { try file.strings("b") }
    }

    @Test("tensors that are not where they say they are")
    func badTensorsAreRefused() {
        func refused(_ word: String, _ build: (inout GGUFBytes) -> Void) {
            var bytes = GGUFBytes()
            bytes.data = [UInt8](repeating: 0, count: 64)
            build(&bytes)
            let message = error(bytes.file)
            #expect(!message.hasPrefix("opened"), "\(word)")
            #expect(message.contains(word), "\(message)")
        }
        refused("wants 68 bytes") { $0.tensor("a", extents: [17], offset: 0) }
        refused("offset 64, which") { $0.tensor("a", extents: [1], offset: 64) }
        refused("multiple of 32") { $0.tensor("a", extents: [1], offset: 4) }
        refused("offset 18446744073709551584") { $0.tensor("a", extents: [1], offset: .max - 31) }
        refused("offset 9223372036854775776") { $0.tensor("a", extents: [1], offset: 1 << 63 - 32) }
        refused("larger than any file") { $0.tensor("a", extents: [1 << 32, 1 << 32], offset: 0) }
        refused("larger than any file") { $0.tensor("a", extents: [1 << 40, 1 << 40, 1 << 40, 1 << 40], offset: 0) }
        refused("an extent of tensor a is") { $0.tensor("a", extents: [.max], offset: 0) }
        refused("an extent of tensor a is") { $0.tensor("a", extents: [1 << 63], offset: 0) }
        refused("has 5 dimensions") { $0.tensor("a", extents: [1, 1, 1, 1, 1], offset: 0) }
        refused("has 4294967295 dimensions") { $0.tensor("a", extents: [1], offset: 0, dimensions: .max) }
        refused("number 4") { $0.tensor("a", extents: [1], type: 4, offset: 0) }
        refused("number 4294967295") { $0.tensor("a", extents: [1], type: .max, offset: 0) }
        refused("multiples of 32") { $0.tensor("a", extents: [33], type: 8, offset: 0) }
        refused("multiples of 256") { $0.tensor("a", extents: [128, 2], type: 12, offset: 0) }
        refused("there twice") {
            $0.tensor("a", extents: [1], offset: 0)
            $0.tensor("a", extents: [1], offset: 32)
        }
        refused("overlaps") {
            $0.tensor("a", extents: [16], offset: 0)
            $0.tensor("b", extents: [1], offset: 32)
        }
    }
}
