/// The members of an object that its reader knows; the names of all others are kept to be reported.
struct JSONMembers {
    /// Where the object stands.
    let path: String
    /// Names that the reader does not know and whose value is not null, in order of appearance, each once; at most
    /// ``IgnoredFields/mostNames``.
    private(set) var unknown: [String] = []
    private var members: [String: JSONField] = [:]
    private let known: Set<String>

    /// Reads an object's members.
    /// - Complexity: O(number of members), whatever is known.
    init(_ field: JSONField, knowing known: Set<String>) throws(OpenAIError) {
        path = field.path
        self.known = known
        var members: [String: JSONField] = [:]
        var unknown: [String] = []
        try field.forEachMember { name, node in
            if known.contains(name) {
                members[name] = field.part(node: node, named: name)
            } else if unknown.count < IgnoredFields.mostNames, !unknown.contains(name),
                field.part(node: node, named: name).kind != .null
            {
                unknown.append(name)
            }
        }
        self.members = members
        self.unknown = unknown
    }

    /// A member's value; nil when it is missing or null, which mean the same in these requests.
    subscript(_ name: String) -> JSONField? {
        assert(known.contains(name), "\(name) is read and not known")
        guard let field = members[name], field.kind != .null else { return nil }
        return field
    }

    /// A member's value.
    /// - Throws: ``OpenAIError`` 400 when it is missing.
    func required(_ name: String) throws(OpenAIError) -> JSONField {
        guard let field = self[name] else { throw .missing(path.isEmpty ? name : "\(path).\(name)") }
        return field
    }

    /// The truth value of a member.
    func bool(_ name: String, default value: Bool) throws(OpenAIError) -> Bool {
        guard let field = self[name] else { return value }
        return try field.bool()
    }

    /// The whole number of a member.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(OpenAIError) -> Int? {
        guard let field = self[name] else { return nil }
        return try field.integer(in: range)
    }

    /// The number of a member.
    func number(
        _ name: String, in range: ClosedRange<Double>, excludingLowest: Bool = false
    ) throws(OpenAIError) -> Double? {
        guard let field = self[name] else { return nil }
        return try field.number(in: range, excludingLowest: excludingLowest)
    }

    /// The text of a member.
    func string(_ name: String, atMost limit: Int = .max) throws(OpenAIError) -> String? {
        guard let field = self[name] else { return nil }
        return try field.string(atMost: limit)
    }
}
