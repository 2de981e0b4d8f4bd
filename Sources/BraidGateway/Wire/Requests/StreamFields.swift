/// The fields of a request that say how its answer is sent.
struct StreamFields: Sendable, Hashable {
    /// `stream`: whether the answer is sent as it comes.
    var isStreamed = false
    /// `stream_options.include_usage`: whether an event with the usage ends the stream.
    var includesUsage = false

    /// The names of these fields.
    static let names: Set<String> = ["stream", "stream_options"]

    /// Reads these fields.
    /// - Parameter ignored: gets the options that change nothing.
    init(_ members: JSONMembers, ignored: inout IgnoredFields) throws(OpenAIError) {
        isStreamed = try members.bool("stream", default: false)
        guard let field = members["stream_options"] else { return }
        let options = try JSONMembers(
            field, knowing: ["include_usage", "include_obfuscation", "continuous_usage_stats"])
        includesUsage = try options.bool("include_usage", default: false)
        // Padding against eavesdroppers is optional; running totals are not given.
        _ = try options.bool("include_obfuscation", default: false)
        if try options.bool("continuous_usage_stats", default: false) {
            ignored.add("stream_options.continuous_usage_stats")
        }
        ignored.add(options.unknown.map { "stream_options.\($0)" })
    }
}
