import Braid
import Foundation

/// Where a question comes from.
enum QuestionSource {
    /// Most bytes of a question; more fits no model and is a file given by mistake.
    static let byteLimit = 1 << 20

    /// The question of an argument, or of standard input for `-`.
    /// - Throws: ``InputError``.
    static func question(_ argument: String, standardInput: InputStreamReader = .standardInput) throws -> Question {
        guard argument == "-" else { return try checked(argument) }
        let data: Data
        do {
            data = try standardInput.read(limit: byteLimit)
        } catch InputError.documentTooLong {
            throw InputError.questionTooLong(limit: byteLimit)
        }
        return try checked(UTF8Text.decode(data, from: standardInput.name))
    }

    private static func checked(_ text: String) throws(InputError) -> Question {
        guard text.utf8.count <= byteLimit else { throw .questionTooLong(limit: byteLimit) }
        let trimmed = AnswerExtractor.trimmed(text)
        guard !trimmed.isEmpty else { throw .emptyQuestion }
        return Question(trimmed)
    }
}
