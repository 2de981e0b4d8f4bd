/// The field `stop`: one text or several that end an answer.
enum StopField {
    /// Reads it.
    static func read(_ members: JSONMembers) throws(OpenAIError) -> [String] {
        guard let field = members["stop"] else { return [] }
        if field.kind == .string { return [try text(field)] }
        guard field.kind == .array else { throw field.wrongType("a string or an array of strings") }
        var stops: [String] = []
        for element in try field.elements(atMost: RequestLimits.stops) { stops.append(try text(element)) }
        return stops
    }

    private static func text(_ field: JSONField) throws(OpenAIError) -> String {
        let text = try field.string(atMost: RequestLimits.stopBytes)
        guard !text.isEmpty else {
            throw .unsupportedValue(field.path, "is empty", allowed: "texts of 1 to \(RequestLimits.stopBytes) bytes")
        }
        return text
    }
}
