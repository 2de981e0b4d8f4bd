/// Keys that clients must have, by name; what is compared takes the same time wherever it differs.
public struct APIKeys: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Something that is no list of keys.
    public enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// A line that is not `name:key`.
        case malformedLine(Int)
        /// Two keys of one name.
        case repeatedName(String)

        /// What happened, and what to do.
        public var description: String {
            switch self {
            case .malformedLine(let line):
                "line \(line) of the API keys is not of the form name:key, with a name of letters, digits, '.', '_' or '-' "
                    + "and a key of 8 to 512 characters without spaces; correct it"
            case .repeatedName(let name): "there are two API keys of the name '\(name)'; rename one"
            }
        }
    }

    private static let lengths = 8...512
    private let keys: [(name: String, bytes: [UInt8])]

    /// No keys: everybody may ask.
    public static let none = APIKeys([])

    private init(_ keys: [(name: String, bytes: [UInt8])]) {
        self.keys = keys
    }

    /// Reads `name:key` lines; empty ones, and those that begin with `#`, are left out.
    /// - Throws: ``Fault``, which never shows a key.
    public init(_ text: String) throws(Fault) {
        var keys: [(name: String, bytes: [UInt8])] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.drop(while: \.isWhitespace)
            guard let first = line.first, first != "#" else { continue }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isName(parts[0]) else { throw .malformedLine(index + 1) }
            var key = parts[1]
            while key.last?.isWhitespace == true { key.removeLast() }
            guard Self.lengths.contains(key.utf8.count), !key.contains(where: \.isWhitespace) else {
                throw .malformedLine(index + 1)
            }
            guard !keys.contains(where: { $0.name == parts[0] }) else { throw .repeatedName(String(parts[0])) }
            keys.append((String(parts[0]), Array(key.utf8)))
        }
        self.keys = keys
    }

    /// How many there are.
    var count: Int { keys.count }

    /// Whether clients need none.
    public var isEmpty: Bool { keys.isEmpty }

    /// The name of a key; nil when it is none of these.
    func name(of key: some StringProtocol) -> String? {
        let given = Array(key.utf8)
        guard given.count <= Self.lengths.upperBound else { return nil }
        var found: String?
        // Every key is compared to its end, so that time tells nothing about which one was nearly right.
        for (name, bytes) in keys where Self.areEqual(given, bytes) { found = name }
        return found
    }

    private static func areEqual(_ given: [UInt8], _ key: [UInt8]) -> Bool {
        var difference = UInt(given.count ^ key.count)
        for index in 0..<lengths.upperBound {
            let left = index < given.count ? given[index] : 0
            let right = index < key.count ? key[index] : 0
            difference |= UInt(left ^ right)
        }
        return difference == 0
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }

    /// Never a key.
    public var description: String { "\(keys.count) API keys" }
    /// Never a key.
    public var debugDescription: String { description }
    /// Never a key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
