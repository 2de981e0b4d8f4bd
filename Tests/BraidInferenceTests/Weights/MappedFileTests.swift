import Foundation
import Testing

@testable import BraidInference

@Suite("Mapped files")
struct MappedFileTests {
    private static let content = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 8) }

    @Test("released pages read as before")
    func contentStays() throws {
        let folder = try TemporaryModelFolder()
        try folder.write(Self.content, to: "file")
        let file = try MappedFile(folder.url.appendingPathComponent("file"))
        for part in [0..<file.bytes.count, 1000..<50_000, 4097..<4099, 7..<7] {
            file.releasePages(of: UnsafeRawBufferPointer(rebasing: file.bytes[part]))
            #expect(file.bytes.elementsEqual(Self.content))
        }
    }

    #if os(Linux)
        @Test("released pages take up no memory")
        func pagesGo() throws {
            let folder = try TemporaryModelFolder()
            try folder.write(Self.content, to: "file")
            let file = try MappedFile(folder.url.appendingPathComponent("file"))
            #expect(file.bytes.elementsEqual(Self.content))
            #expect(try Self.residentKibibytes(of: file.path) == 1024)
            file.releasePages(of: UnsafeRawBufferPointer(rebasing: file.bytes[..<(1 << 19)]))
            #expect(try Self.residentKibibytes(of: file.path) == 512)
            file.releasePages(of: file.bytes)
            #expect(try Self.residentKibibytes(of: file.path) == 0)
        }

        /// What the system says that a file's mappings in this process take up.
        private static func residentKibibytes(of path: String) throws -> Int {
            // A file whose size the system gives as zero is read to its end by a handle only.
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/smaps"))
            let maps = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
            var isOfFile = false
            var sum = 0
            for line in maps.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count >= 5, words[0].contains("-") {
                    isOfFile = line.hasSuffix(path)
                } else if isOfFile, words.first == "Rss:", words.count > 1 {
                    sum += Int(words[1]) ?? 0
                }
            }
            return sum
        }
    #endif
}
