import Foundation
import Testing

@testable import BraidCLI

@Suite("Model folders")
struct ModelFolderTests {
    /// A folder with one safetensors file of this header.
    private func figures(header: String, length: UInt64? = nil) throws -> (bytes: Int, parameters: Int?) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let link = folder.appendingPathExtension("link")
        defer {
            try? FileManager.default.removeItem(at: folder)
            try? FileManager.default.removeItem(at: link)
        }
        let count = length ?? UInt64(header.utf8.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
        try (Data(prefix) + Data(header.utf8)).write(to: folder.appendingPathComponent("model.safetensors"))
        // Through a link, as the Hugging Face cache has it.
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder)
        let files = ModelFolder(folder: link)
        return (files.byteCount, files.parameterCount)
    }

    @Test("parameters are counted from the header")
    func counts() throws {
        let header =
            #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},"b":{"shape":[]}}"#
        let figures = try figures(header: header)
        #expect(figures.parameters == 13)
        #expect(figures.bytes == header.utf8.count + 8)
    }

    @Test(
        "a header that lies is no crash",
        arguments: ["", "x", #"{"a":{"shape":[-1]}}"#, #"{"a":{"shape":[9223372036854775807,2]}}"#])
    func malformed(header: String) throws {
        #expect(try figures(header: header).parameters == nil)
        #expect(try figures(header: header, length: .max).parameters == nil)
    }
}
