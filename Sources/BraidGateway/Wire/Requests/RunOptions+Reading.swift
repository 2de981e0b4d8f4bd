extension RunOptions {
    private static let names: [String] = [
        "method", "max_threads", "max_depth", "max_total_tokens", "max_thread_tokens", "timeout_s", "thread_timeout_s",
        "samples", "workers", "check_joins", "steer", "cache", "reasoning", "order",
    ]

    /// Reads the member `braid` of a request. A name in it that is not known is an error, because whoever writes this object
    /// means this server.
    init(_ request: JSONMembers) throws(OpenAIError) {
        self.init()
        guard let field = request["braid"] else { return }
        let members = try JSONMembers(field, knowing: Set(Self.names))
        if let name = members.unknown.first {
            throw .unsupportedField(
                "braid.\(name.prefix(64))", "is not known; known: \(Self.names.joined(separator: ", "))")
        }
        method = try members.string("method", atMost: 64)
        maximumThreads = try members.integer("max_threads", in: 1...256)
        maximumDepth = try members.integer("max_depth", in: 0...16)
        maximumTotalTokens = try members.integer("max_total_tokens", in: 1...RequestLimits.tokens)
        maximumThreadTokens = try members.integer("max_thread_tokens", in: 1...RequestLimits.tokens)
        timeout = try Self.seconds(members, "timeout_s")
        threadTimeout = try Self.seconds(members, "thread_timeout_s")
        settings.samples = try members.integer("samples", in: 1...256)
        settings.workers = try members.integer("workers", in: 1...256)
        checksJoins = try members.bool("check_joins", default: checksJoins)
        steers = try members.bool("steer", default: steers)
        caches = try members.bool("cache", default: caches)
        if let field = members["reasoning"] { reasoning = try field.word(Reasoning.self) }
        if let field = members["order"] { order = try field.word(Order.self) }
    }

    /// A time that does not round to none.
    private static func seconds(_ members: JSONMembers, _ name: String) throws(OpenAIError) -> Double? {
        try members.number(name, in: 0...RequestLimits.seconds, excludingLowest: true).map { max($0, 1e-6) }
    }
}
