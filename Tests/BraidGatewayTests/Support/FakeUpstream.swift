import BraidRemote
import Synchronization

/// A model's own server that answers as a test says.
final class FakeUpstream: HTTPTransport {
    private let requests = Mutex<[HTTPRequest]>([])
    private let answer: @Sendable () async throws -> HTTPResponse

    init(_ answer: @escaping @Sendable () async throws -> HTTPResponse) {
        self.answer = answer
    }

    /// Answers with these pieces of a body.
    convenience init(status: Int = 200, type: String, pieces: [String], failure: TransportError? = nil) {
        self.init {
            let rest = Mutex(pieces)
            return HTTPResponse(status: status, headers: ["content-type": type]) {
                if let piece = rest.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return Array(piece.utf8) }
                if let failure { throw failure }
                return nil
            }
        }
    }

    /// What was asked.
    var asked: [HTTPRequest] { requests.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        requests.withLock { $0.append(request) }
        return try await answer()
    }
}
