/// Reads one generation's stream: a pure value that takes server-sent events and says what they mean.
protocol GenerationReader: Sendable {
    /// Takes one event; what comes after the end is ignored.
    /// - Throws: an error that the engine wrote into the stream, and what makes no sense.
    mutating func read(_ event: ServerSentEvent) throws(GenerationFailure) -> [GenerationEvent]

    /// Takes the end of the stream and gives the end of the generation, if the stream leaves it to its own end.
    /// - Throws: ``GenerationFailure/Kind/truncated`` when the stream did not say that the generation is over.
    mutating func finish() throws(GenerationFailure) -> [GenerationEvent]
}
