import Foundation

/// Fields of requests to a collector of traces, as OpenTelemetry's environment variable gives them: `name=value`, separated
/// by commas, values percent-encoded.
struct CollectorHeaders: Sendable, Hashable {
    /// Names in lower case, and values.
    let fields: [String: String]

    /// Reads them.
    /// - Throws: ``InputError/malformedHeaders``, which never shows a value: they are often keys.
    init(_ text: String) throws {
        var fields: [String: String] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(Self.isNameByte),
                let value = parts[1].removingPercentEncoding, value.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
            else { throw InputError.malformedHeaders(variable: "OTEL_EXPORTER_OTLP_HEADERS") }
            fields[parts[0].lowercased()] = value
        }
        self.fields = fields
    }

    /// RFC 9110, section 5.6.2.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
