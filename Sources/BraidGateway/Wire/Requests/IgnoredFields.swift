/// The fields of a request that change nothing here, for the header `x-braid-ignored-fields`: nobody should have to guess
/// whether a misspelt name was heeded.
struct IgnoredFields: Sendable, Hashable {
    /// The most names that are kept.
    static let mostNames = 16
    /// The most bytes of one name in the header.
    private static let longestName = 64

    /// The names, as they were written.
    private(set) var names: [String] = []

    /// Keeps names.
    init(_ names: [String] = []) {
        add(names)
    }

    /// Adds a name once.
    mutating func add(_ name: String) {
        if names.count < Self.mostNames, !names.contains(name) { names.append(name) }
    }

    /// Adds names.
    mutating func add(_ names: [String]) {
        for name in names { add(name) }
    }

    /// The header's value; nil when all fields were heeded. Names are the client's own, so whatever has a meaning in a header
    /// is shown as a question mark.
    var headerValue: String? {
        if names.isEmpty { return nil }
        return names.map { name in
            String(
                decoding: name.utf8.prefix(Self.longestName).map { byte in
                    (0x21...0x7E).contains(byte) && byte != UInt8(ascii: ",") ? byte : UInt8(ascii: "?")
                }, as: UTF8.self)
        }.joined(separator: ", ")
    }
}
