/// An error as engines write it: OpenAI's `{"error": {...}}`, SGLang's flat form, or a bare text.
struct WireError: Decodable {
    /// What happened.
    var message: String
    /// The engine's name for it.
    var code: String?

    private enum Keys: String, CodingKey {
        case error, object, message, type, code, detail
    }

    /// Reads an error; throws when there is none.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        // What cannot be read as one form may be the next, and an error without a message is one all the same.
        if let text = try? container.decode(String.self, forKey: .error) {
            message = text
        } else if let nested = try? container.nestedContainer(keyedBy: Keys.self, forKey: .error) {
            message = (try? nested.decode(String.self, forKey: .message)) ?? "no message"
            code = Self.code(nested)
        } else if (try? container.decode(String.self, forKey: .object)) == "error" {
            message = (try? container.decode(String.self, forKey: .message)) ?? "no message"
            code = Self.code(container)
        } else if let detail = try? container.decode(String.self, forKey: .detail) {
            message = detail
        } else {
            throw DecodingError.valueNotFound(
                String.self, .init(codingPath: decoder.codingPath, debugDescription: "no error"))
        }
    }

    /// A code may be a text or a number, and OpenAI's `insufficient_quota` is a type too. Only texts are names: what cannot
    /// be read as one is passed over.
    private static func code(_ container: KeyedDecodingContainer<Keys>) -> String? {
        (try? container.decode(String.self, forKey: .code)) ?? (try? container.decode(String.self, forKey: .type))
    }

    /// The failure of an answer with a status that is not 200.
    static func failure(status: Int, headers: [String: String], body: [UInt8]) -> GenerationFailure {
        // Where it says nothing that can be read, its beginning is told as it is.
        let error = try? WireJSON.decode(WireError.self, from: body)
        return GenerationFailure(
            .status(status), error?.message ?? WireJSON.excerpt(body), code: error?.code,
            retryAfter: RetryHint.wait(headers), shouldRetry: RetryHint.shouldRetry(headers))
    }

    /// Throws when an event of a stream is an error.
    static func check(_ data: [UInt8]) throws(GenerationFailure) {
        // Only what has the word in it is read twice.
        guard data.contains(UInt8(ascii: "r")), String(decoding: data, as: UTF8.self).contains("\"error\"") else {
            return
        }
        // What cannot be read as an error is an event like others, with the word in its text.
        if let error = try? WireJSON.decode(WireError.self, from: data) {
            throw GenerationFailure(.inBand, error.message, code: error.code)
        }
    }
}
