/// How a route tells of a run: as one document, or as a stream of events.
protocol RunFormat: Sendable {
    /// The document about a finished run.
    func document(_ ending: RunEnding) -> [UInt8]

    /// Begins a stream.
    mutating func begin(_ stream: inout [UInt8])

    /// Adds what was thought.
    /// - Parameter thread: path of the thread that thought it.
    mutating func reasoning(_ text: String, of thread: String, _ stream: inout [UInt8])

    /// Adds what was answered; empty for nothing.
    mutating func answer(_ text: String, _ stream: inout [UInt8])

    /// Ends the stream, whose answer was added.
    mutating func end(_ ending: RunEnding, _ stream: inout [UInt8])

    /// Ends the stream with an error.
    mutating func fail(_ error: OpenAIError, _ stream: inout [UInt8])
}
