import Foundation

/// Reads a file or standard input in pieces, so that no more is kept than was asked for.
struct InputStreamReader {
    /// Standard input.
    static let standardInput = InputStreamReader(name: "standard input", descriptor: STDIN_FILENO)

    /// How errors name it.
    let name: String
    private let descriptor: Int32

    private init(name: String, descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
    }

    /// Reads `-` or a path with this reader, which is closed afterwards.
    /// - Throws: ``InputError/unreadable(source:reason:)``.
    static func with<Value>(_ path: String, _ body: (InputStreamReader) throws -> Value) throws -> Value {
        if path == "-" { return try body(.standardInput) }
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else {
            throw InputError.unreadable(source: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        return try body(InputStreamReader(name: path, descriptor: descriptor))
    }

    /// Everything there is.
    /// - Throws: ``InputError/documentTooLong(source:limit:)`` and ``InputError/unreadable(source:reason:)``.
    func read(limit: Int) throws(InputError) -> Data {
        var data = Data()
        while let piece = try piece() {
            data.append(piece)
            guard data.count <= limit else { throw .documentTooLong(source: name, limit: limit) }
        }
        return data
    }

    /// One line, counted from 1.
    /// - Throws: as ``read(limit:)``, and ``InputError/noSuchLine(source:line:lines:)``.
    func readLine(_ number: Int, limit: Int) throws(InputError) -> Data {
        var line = Data()
        var current = 1
        var isEmpty = true
        while let piece = try piece() {
            var rest = piece[...]
            while !rest.isEmpty {
                let end = rest.firstIndex(of: UInt8(ascii: "\n"))
                if current == number { line.append(rest[..<(end ?? rest.endIndex)]) }
                guard line.count <= limit else { throw .documentTooLong(source: name, limit: limit) }
                guard let end else {
                    isEmpty = false
                    break
                }
                if current == number { return line }
                current += 1
                isEmpty = true
                rest = rest[(end + 1)...]
            }
        }
        if current == number, !isEmpty { return line }
        throw .noSuchLine(source: name, line: number, lines: isEmpty ? current - 1 : current)
    }

    private func piece() throws(InputError) -> Data? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count > 0 { return Data(buffer[..<count]) }
            if count == 0 { return nil }
            if errno != EINTR { throw .unreadable(source: name, reason: String(cString: strerror(errno))) }
        }
    }
}
