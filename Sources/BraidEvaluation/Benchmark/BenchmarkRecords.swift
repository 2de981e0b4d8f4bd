internal import Braid
public import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The results of a benchmark in a file, so that one that was ended goes on where it was.
///
/// A line of JSON for each problem, written as soon as the problem is done; the first line says what is measured. A line that
/// lacks its end, because the process was killed while it wrote, is dropped when the file is opened again.
public actor BenchmarkRecords {
    private struct Header: Codable, Equatable {
        var format = "braid benchmark records 1"
        var version: String
        var seed: UInt64
        var settings: String
    }

    private struct Record: Codable {
        var task: PuzzleTask
        var method: String
        var problem: Int
        var result: Benchmark.Result
    }

    private let path: String
    private let file: FileHandle
    private var known: [PuzzleTask: [String: [Int: Benchmark.Result]]] = [:]

    /// Opens a file, or creates it.
    /// - Parameters:
    ///   - seed: What decides the problems.
    ///   - settings: Whatever else decides results, but for families, methods and the number of problems, in any form.
    /// - Throws: ``BenchmarkRecordsError``.
    public init(contentsOf url: URL, seed: UInt64, settings: String) throws(BenchmarkRecordsError) {
        let path = url.path
        self.path = path
        let header = Header(version: ProductVersion.current, seed: seed, settings: settings)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: String(cString: strerror(errno))) }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse(path: path) }
        var lines: [Data]
        do {
            let content = try file.readToEnd() ?? Data()
            let end = content.lastIndex(of: UInt8(ascii: "\n")).map { content.index(after: $0) } ?? content.startIndex
            lines = content[..<end].split(separator: UInt8(ascii: "\n"))
            try file.truncate(atOffset: UInt64(end - content.startIndex))
            try file.seekToEnd()
            if lines.isEmpty { try Self.write(header, to: file) }
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
        guard !lines.isEmpty else { return }
        do {
            let found = try JSONDecoder().decode(Header.self, from: lines.removeFirst())
            guard found == header else {
                throw BenchmarkRecordsError.other(
                    path: path, found: "braid \(found.version), seed \(found.seed), \(found.settings)",
                    wanted: "braid \(header.version), seed \(header.seed), \(header.settings)")
            }
        } catch let error as BenchmarkRecordsError {
            throw error
        } catch {
            throw .noRecords(path: path, line: 1)
        }
        for (number, line) in lines.enumerated() {
            do {
                let record = try JSONDecoder().decode(Record.self, from: line)
                known[record.task, default: [:]][record.method, default: [:]][record.problem] = record.result
            } catch {
                throw .noRecords(path: path, line: number + 2)
            }
        }
    }

    /// Results of a method on a family, by the number of the problem.
    func results(of method: String, on task: PuzzleTask) -> [Int: Benchmark.Result] {
        known[task]?[method] ?? [:]
    }

    /// Keeps a result.
    /// - Throws: ``BenchmarkRecordsError/unusable(path:reason:)`` when the disk is full, for one.
    func keep(
        _ result: Benchmark.Result, of method: String, on task: PuzzleTask, problem: Int
    ) throws(BenchmarkRecordsError) {
        do {
            try Self.write(Record(task: task, method: method, problem: problem, result: result), to: file)
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
        known[task, default: [:]][method, default: [:]][problem] = result
    }

    private static func write(_ value: some Encodable, to file: FileHandle) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try file.write(contentsOf: try encoder.encode(value) + Data("\n".utf8))
    }
}
