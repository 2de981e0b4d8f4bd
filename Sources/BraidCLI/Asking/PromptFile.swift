import ArgumentParser
import Braid
import Foundation

/// The file behind `--prompts`: a JSON object of prompts by their names.
struct PromptFile: ExpressibleByArgument, Equatable {
    /// Most bytes of the file.
    private static let byteLimit = 1 << 20

    /// Where it is; `-` is standard input.
    let path: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        path = argument
    }

    /// A prompt as it is written: a text, or its parts.
    private struct Written: Decodable {
        private enum CodingKeys: String, CodingKey, CaseIterable {
            case system, user, answerBeginning
        }

        /// Any key, to see those that nobody reads.
        private struct AnyKey: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        var template: PromptTemplate

        init(from decoder: any Decoder) throws {
            let object: KeyedDecodingContainer<AnyKey>
            do {
                object = try decoder.container(keyedBy: AnyKey.self)
            } catch {
                // No object, so it must be a text.
                template = PromptTemplate(user: try decoder.singleValueContainer().decode(String.self))
                return
            }
            let known = CodingKeys.allCases.map(\.stringValue)
            if let key = object.allKeys.first(where: { !known.contains($0.stringValue) }) {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: object, debugDescription: "unknown key; allowed: \(known.joined(separator: ", "))")
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            template = PromptTemplate(
                system: try container.decodeIfPresent(String.self, forKey: .system) ?? "",
                user: try container.decode(String.self, forKey: .user),
                answerBeginning: try container.decodeIfPresent(String.self, forKey: .answerBeginning) ?? "")
        }
    }

    /// The prompts by their names.
    /// - Throws: ``InputError``.
    func templates(allowed: [String]) throws(InputError) -> [String: PromptTemplate] {
        let data: Data
        do {
            data = try InputStreamReader.with(path) { try $0.read(limit: Self.byteLimit) }
        } catch let error as InputError {
            throw error
        } catch {
            throw .unreadable(source: path, reason: "\(error)")
        }
        return try Self.templates(in: data, from: path, allowed: allowed)
    }

    /// The prompts in a document.
    /// - Throws: ``InputError``.
    static func templates(
        in data: Data, from source: String, allowed: [String]
    ) throws(InputError) -> [String: PromptTemplate] {
        let written: [String: Written]
        do {
            written = try JSONDecoder().decode([String: Written].self, from: data)
        } catch let error as DecodingError {
            throw .notPrompts(source: source, reason: explain(error))
        } catch {
            throw .notPrompts(source: source, reason: "\(error)")
        }
        guard !written.isEmpty else { throw .notPrompts(source: source, reason: "it is empty") }
        let names = Set(allowed)
        if let unknown = written.keys.sorted().first(where: { !names.contains($0) }) {
            throw .unknownPrompt(unknown, source: source, allowed: names.sorted())
        }
        return written.mapValues(\.template)
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not valid JSON"
        case .keyNotFound(let key, let context): "\(place(context)) has no \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(place(context)): \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "the document" : path
    }
}
