internal import Foundation

/// Finds a plan in what a model wrote, as JSON or in lines.
///
/// JSON may stand inside other text and in a code block; an object, or only its list of subtasks. Lines are read as
/// outlines are: `1: ...`, `2 after 1: ...`; `-` or `*` before them and `.` or `)` in place of the colon are overlooked.
public enum PlanReader {
    /// Most bytes of a reply that are looked at.
    private static let byteLimit = 1 << 16

    /// The plan, unchecked; see ``PlanRepair``.
    /// - Throws: ``PlanError/notFound(reply:)``, ``PlanError/malformed(_:)``.
    public static func read(_ reply: String) throws(PlanError) -> Plan {
        let reply = String(decoding: reply.utf8.prefix(byteLimit), as: UTF8.self)
        var problem: PlanError?
        // A list inside an object is a part of it.
        if let first = reply.first(where: { $0 == "{" || $0 == "[" }),
            let json = balanced(reply, from: first, to: first == "{" ? "}" : "]")
        {
            do {
                return try plan(json: json)
            } catch {
                problem = error
            }
        }
        let found = lines(reply)
        if !found.isEmpty { return Plan(subtasks: found) }
        throw problem ?? .notFound(reply: AnswerExtractor.trimmed(reply))
    }

    private static func plan(json: String) throws(PlanError) -> Plan {
        let data = Data(json.utf8)
        let decoder = JSONDecoder()
        do {
            if json.hasPrefix("[") { return Plan(subtasks: try decoder.decode([Subtask].self, from: data)) }
            return try decoder.decode(Plan.self, from: data)
        } catch let error as DecodingError {
            throw .malformed(explained(error))
        } catch {
            throw .malformed("\(error)")
        }
    }

    private static func explained(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\"\(key.stringValue)\" is missing"
                + (context.codingPath.isEmpty ? "" : " in \(place(context.codingPath))")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context.codingPath)) is of another type"
        case .dataCorrupted: return "it is not valid JSON"
        @unknown default: return "it cannot be read"
        }
    }

    /// The first stretch from an opening bracket to the one that closes it; brackets inside JSON strings do not count.
    private static func balanced(_ text: String, from open: Character, to close: Character) -> String? {
        guard let start = text.firstIndex(of: open) else { return nil }
        var depth = 0
        var isInString = false
        var isEscaped = false
        for index in text[start...].indices {
            let character = text[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isInString = false
                }
                continue
            }
            if character == "\"" { isInString = true }
            if character == open { depth += 1 }
            if character == close { depth -= 1 }
            if depth == 0 { return String(text[start...index]) }
        }
        return nil
    }

    private static func lines(_ text: String) -> [Subtask] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            var rest = AnswerExtractor.trimmed(String(line))[...]
            while let first = rest.first, first == "-" || first == "*" || first == " " { rest = rest.dropFirst() }
            for suffix in [":", ".", ")"] {
                guard let outline = OutlineHeader(suffix: suffix).outline(String(rest)) else { continue }
                let task = AnswerExtractor.trimmed(outline.text)
                return task.isEmpty ? nil : Subtask(id: outline.number, task: task, after: outline.after)
            }
            return nil
        }
    }
}
