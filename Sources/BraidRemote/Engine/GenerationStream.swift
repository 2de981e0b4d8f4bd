internal import Synchronization

/// One generation under way at one server. Letting go of it closes the request and, where the engine has a call for that,
/// aborts it.
final class GenerationStream: Sendable {
    private struct State {
        var parser = EventStreamParser()
        var reader: any GenerationReader
        var hasEnded = false
    }

    /// Which server.
    let endpoint: Int
    private let engine: RemoteEngine
    private let lease: EndpointLease
    private let id: String
    private let nextBytes: @Sendable () async throws -> [UInt8]?
    private let state: Mutex<State>

    private init(
        _ engine: RemoteEngine, lease: EndpointLease, request: GenerationRequest, response: HTTPResponse
    ) {
        self.engine = engine
        self.lease = lease
        endpoint = lease.endpoint
        id = request.id
        nextBytes = response.nextBytes
        state = Mutex(State(reader: engine.endpoints[lease.endpoint].adapter.reader(for: request)))
    }

    deinit {
        if state.withLock({ !$0.hasEnded }) { abort() }
    }

    /// Asks a server for a generation and waits until it begins to answer.
    /// - Throws: ``GenerationFailure``, `EngineError.unsupported`, `CancellationError`.
    static func begin(
        _ request: GenerationRequest, on engine: RemoteEngine, lease: EndpointLease
    ) async throws -> GenerationStream {
        let outgoing = try engine.endpoints[lease.endpoint].adapter.generation(request)
        engine.count { $0.requests += 1 }
        do {
            let endpoint = lease.endpoint
            let response = try await engine.time.within(engine.options.firstByteTimeout) {
                try await engine.transport.sendSurely(outgoing) { engine.mayRepeat(at: endpoint) }
            }
            let type = response.headers["content-type"]?.lowercased() ?? ""
            let encoding = response.headers["content-encoding"]?.lowercased() ?? "identity"
            guard response.status == 200, type.hasPrefix("text/event-stream"), encoding == "identity" else {
                let body = try await engine.time.within(engine.options.silenceTimeout) { try await response.collect() }
                throw refusal(response, body)
            }
            return GenerationStream(engine, lease: lease, request: request, response: response)
        } catch let error as TransportError {
            throw GenerationFailure(error)
        }
    }

    /// Waits for the next bytes and says what they mean; nil at the end of a stream that is whole.
    /// - Throws: ``GenerationFailure``, `CancellationError`.
    func read() async throws -> [GenerationEvent]? {
        do {
            let bytes = try await engine.time.within(engine.options.silenceTimeout, nextBytes)
            return try state.withLock { state in
                var events: [GenerationEvent] = []
                let incoming = try bytes.map { try state.parser.consume($0) } ?? state.parser.finish()
                for event in incoming { events += try state.reader.read(event) }
                if bytes == nil { events += try state.reader.finish() }
                return bytes == nil && events.isEmpty ? nil : events
            }
        } catch let error as TransportError {
            throw GenerationFailure(error)
        } catch EventStreamError.eventTooLong(let limit) {
            throw GenerationFailure(.malformed, "an event has more than \(limit) bytes")
        }
    }

    /// Gives the place at the server back.
    /// - Parameter isOver: Whether the server ended the generation itself, so that there is nothing to abort.
    func end(_ outcome: EndpointOutcome, isOver: Bool) {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            return !state.hasEnded
        }
        if isFirst, !isOver { abort() }
        lease.end(outcome)
    }

    private func abort() {
        guard let request = engine.endpoints[endpoint].adapter.abort(id) else { return }
        engine.count { $0.aborts += 1 }
        // Nobody waits for it: whoever ends a generation early has gone on already, or is gone.
        Task { [engine] in
            try await engine.time.within(engine.options.silenceTimeout) {
                _ = try await engine.transport.send(request).collect()
            }
        }
    }

    /// What an answer that is no stream says.
    private static func refusal(_ response: HTTPResponse, _ body: [UInt8]) -> GenerationFailure {
        guard response.status == 200 else {
            return WireError.failure(status: response.status, headers: response.headers, body: body)
        }
        // What cannot be read as an error is anything else, such as a page, and its type is told.
        if let error = try? WireJSON.decode(WireError.self, from: body) {
            return GenerationFailure(.inBand, error.message, code: error.code)
        }
        let type = response.headers["content-type"] ?? "no content type"
        return GenerationFailure(.malformed, "\(type) in place of a stream: '\(WireJSON.excerpt(body))'")
    }
}
