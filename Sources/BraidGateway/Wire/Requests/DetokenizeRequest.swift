internal import Braid

/// The body of `POST /detokenize`.
struct DetokenizeRequest: Sendable {
    /// `model`; nil for the server's first.
    var model: String?
    /// `tokens`.
    var tokens: [TokenID]
    /// Fields that change nothing.
    var ignored = IgnoredFields()

    /// Reads a body.
    /// - Throws: ``OpenAIError`` 400.
    init(_ document: JSONDocument) throws(OpenAIError) {
        let members = try JSONMembers(document.root, knowing: ["model", "tokens"])
        model = try members.string("model", atMost: RequestLimits.nameBytes)
        tokens = try members.required("tokens").tokens(atMost: RequestLimits.promptTokens)
        ignored.add(members.unknown)
    }
}
