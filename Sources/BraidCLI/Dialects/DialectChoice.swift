import ArgumentParser
import Braid
import BraidDialects
import Foundation

/// The dialect behind `--dialect`: one that comes with Braid, by name, or a YAML file.
struct DialectChoice: ExpressibleByArgument, Equatable {
    /// As the user wrote it.
    let written: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        written = argument
    }

    /// The dialect.
    /// - Throws: ``InputError``, `DialectFileError`.
    func dialect() throws -> Dialect {
        if let dialect = DialectCatalogue.dialect(named: written) { return dialect }
        let isFile = written == "-" || FileManager.default.fileExists(atPath: written)
        guard isFile else {
            throw InputError.unknownDialect(written, known: DialectCatalogue.all.map(\.name))
        }
        return try Self.read(written)
    }

    /// Reads a dialect file.
    /// - Throws: ``InputError``, `DialectFileError`.
    static func read(_ path: String) throws -> Dialect {
        try InputStreamReader.with(path) { reader in
            let data = try reader.read(limit: DialectFile.byteLimit)
            return try DialectFile.dialect(from: UTF8Text.decode(data, from: reader.name), source: reader.name)
        }
    }
}
