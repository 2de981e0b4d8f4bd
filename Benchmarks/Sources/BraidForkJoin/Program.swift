internal import Braid

/// One line of input: a name and `key=value` pairs, such as `threads prefix=512 width=4 header=8 tokens=32`.
struct Program: Sendable {
    /// What to run.
    let name: String
    private let values: [String: String]

    /// Reads a line.
    init(_ line: String) throws(ProgramError) {
        let words = line.split(separator: " ")
        guard let first = words.first else { throw .malformed("") }
        name = String(first)
        var values: [String: String] = [:]
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "=") else { throw .malformed(String(word)) }
            values[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
        self.values = values
    }

    /// A count of at least 1, or the default when the line does not give it.
    func count(_ key: String, default fallback: Int) throws(ProgramError) -> Int {
        guard let text = values[key] else { return fallback }
        guard let value = Int(text), (1...(1 << 20)).contains(value) else {
            throw .invalidValue(key: key, value: text, allowed: "1 to \(1 << 20)")
        }
        return value
    }

    /// One of the words allowed, the first when the line does not give it.
    func word(_ key: String, of allowed: [String]) throws(ProgramError) -> String {
        let value = values[key] ?? allowed.first ?? ""
        guard allowed.contains(value) else {
            throw .invalidValue(key: key, value: value, allowed: allowed.joined(separator: ", "))
        }
        return value
    }

    /// Token ids, separated by commas.
    func tokens(_ key: String) throws(ProgramError) -> [TokenID] {
        var tokens: [TokenID] = []
        for text in (values[key] ?? "").split(separator: ",") {
            guard let token = TokenID(text) else {
                throw .invalidValue(key: key, value: String(text), allowed: "token ids separated by commas")
            }
            tokens.append(token)
        }
        return tokens
    }
}
