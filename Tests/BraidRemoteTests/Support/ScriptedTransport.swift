import BraidRemote
import Synchronization

/// A transport without a network: answers each request by a script, in memory, and keeps what was asked.
final class ScriptedTransport: HTTPTransport {
    /// What the script answers.
    struct Reply: Sendable {
        /// What happens after the parts of the body.
        enum End: Sendable {
            case closes
            case fails(TransportError)
            case hangs
        }

        var status = 200
        var headers = ["content-type": "text/event-stream; charset=utf-8"]
        var parts: [[UInt8]] = []
        var end = End.closes

        /// A stream of events.
        static func stream(_ events: [String], end: End = .closes) -> Reply {
            Reply(parts: events.map { Array("data: \($0)\n\n".utf8) }, end: end)
        }

        /// A JSON document.
        static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> Reply {
            let own = ["content-type": "application/json"].merging(headers) { $1 }
            return Reply(status: status, headers: own, parts: [Array(text.utf8)])
        }
    }

    /// A request with its body as text.
    struct Asked: Sendable {
        var url: String
        var body: String
        var headers: [String: String]
    }

    private struct State {
        var asked: [Asked] = []
        var openBodies = 0
    }

    private let script: @Sendable (HTTPRequest) throws -> Reply
    private let state = Mutex(State())

    init(_ script: @escaping @Sendable (HTTPRequest) throws -> Reply) {
        self.script = script
    }

    /// The requests so far, to routes that end like this.
    func asked(_ suffix: String = "") -> [Asked] { state.withLock { $0.asked.filter { $0.url.hasSuffix(suffix) } } }

    /// Bodies that nobody has read to the end or let go of.
    var openBodies: Int { state.withLock { $0.openBodies } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        state.withLock { $0.asked.append(Asked(url: request.url, body: body, headers: request.headers)) }
        let reply = try script(request)
        let reader = Body(reply, transport: self)
        return HTTPResponse(status: reply.status, headers: reply.headers) { try await reader.next() }
    }

    private final class Body: Sendable {
        private let parts: Mutex<ArraySlice<[UInt8]>>
        private let end: Reply.End
        private let transport: ScriptedTransport

        init(_ reply: Reply, transport: ScriptedTransport) {
            parts = Mutex(reply.parts[...])
            end = reply.end
            self.transport = transport
            transport.state.withLock { $0.openBodies += 1 }
        }

        deinit { transport.state.withLock { $0.openBodies -= 1 } }

        func next() async throws -> [UInt8]? {
            if let part = parts.withLock({ $0.popFirst() }) { return part }
            switch end {
            case .closes: return nil
            case .fails(let error): throw error
            case .hangs:
                // Until somebody cancels: no clock is involved.
                let (stream, _) = AsyncStream<Void>.makeStream()
                for await _ in stream {}
                throw CancellationError()
            }
        }
    }
}
