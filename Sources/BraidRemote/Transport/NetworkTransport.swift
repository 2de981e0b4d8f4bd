#if Remote
    internal import AsyncHTTPClient
    internal import Foundation
    internal import NIOCore
    internal import NIOHTTP1
    internal import NIOPosix
    internal import Synchronization

    /// Carries requests over TCP and TLS with AsyncHTTPClient.
    ///
    /// Connections are not limited here but by the engine's own ``ConcurrencyLimit``: the client's default of 8 per host
    /// would make threads wait for each other without a word. An idle connection is closed before the servers of vLLM and
    /// SGLang close it, after 5 seconds, so that no request meets a connection that is just going away.
    public final class NetworkTransport: HTTPTransport {
        private let client: HTTPClient

        /// Creates a transport; its connections are kept until it is let go of.
        /// - Parameters:
        ///   - connectTimeout: How long a connection may take to come about.
        ///   - maximumConnections: Most connections to one host.
        public init(connectTimeout: Duration = .seconds(5), maximumConnections: Int = 1024) {
            var configuration = HTTPClient.Configuration()
            // A redirect would carry the key to an address that nobody configured.
            configuration.redirectConfiguration = .disallow
            configuration.timeout.connect = TimeAmount(connectTimeout)
            configuration.connectionPool.idleTimeout = .seconds(4)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, maximumConnections)
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.httpVersion = .http1Only
            // What belongs to which trace is in the requests already.
            configuration.tracing.tracer = nil
            client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        }

        deinit {
            // It may be the client's own thread that lets go of it last, so nobody waits here.
            client.shutdown { _ in }
        }

        /// Sends a request and waits for the head of the answer.
        public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            var outgoing = HTTPClientRequest(url: request.url)
            outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
            for (name, value) in request.headers { outgoing.headers.replaceOrAdd(name: name, value: value) }
            if let body = request.body { outgoing.body = .bytes(body) }
            let response: HTTPClientResponse
            do {
                response = try await client.execute(outgoing, deadline: .distantFuture)
            } catch {
                try Task.checkCancellation()
                throw Self.failure(error, hasBegun: false)
            }
            var headers: [String: String] = [:]
            for (name, value) in response.headers { headers[name.lowercased()] = value }
            let reader = BodyReader(response.body)
            return HTTPResponse(status: Int(response.status.code), headers: headers) {
                do {
                    let bytes = try await reader.next()
                    // A cancelled read looks like the end of the body.
                    try Task.checkCancellation()
                    return bytes
                } catch {
                    try Task.checkCancellation()
                    throw Self.failure(error, hasBegun: true)
                }
            }
        }

        private static func failure(_ error: any Error, hasBegun: Bool) -> TransportError {
            let why = words(for: error)
            if hasBegun { return .cut(why) }
            let lost: [HTTPClientError] = [.remoteConnectionClosed, .readTimeout, .writeTimeout]
            if let error = error as? HTTPClientError, lost.contains(error) { return .lost(why) }
            // A connection of the pool that the server closed just before it was used.
            if case ChannelError.ioOnClosedChannel = error { return .lost(why) }
            if error is HTTPParserError { return .lost("it does not speak HTTP: \(why)") }
            // A reset or a broken pipe comes after the connection was made; the rest comes before.
            if let error = error as? IOError, [ECONNRESET, EPIPE, ECONNABORTED].contains(error.errnoCode) {
                return .lost(why)
            }
            return .unreachable(why)
        }

        /// What happened, without the address: a gateway's clients are told, and need not know it.
        private static func words(for error: any Error) -> String {
            switch error {
            case let error as IOError: String(cString: strerror(error.errnoCode))
            case let error as NIOConnectionError:
                error.connectionErrors.first.map { words(for: $0.error) } ?? "its name cannot be resolved"
            case let error as HTTPClientError: error.shortDescription
            case ChannelError.ioOnClosedChannel: "it was closed"
            case ChannelError.connectTimeout: "connecting took too long"
            default: "\(error)"
            }
        }
    }

    /// Reads a body for one task at a time.
    private final class BodyReader: Sendable {
        /// The iterator of the body; taken out while it is being read.
        private let iterator: Mutex<Slot>

        /// `@unchecked`, because the iterator is not `Sendable`: whoever reads takes it out of the lock and puts it back, so
        /// that two tasks never hold it.
        private struct Slot: @unchecked Sendable {
            var iterator: HTTPClientResponse.Body.AsyncIterator?
        }

        init(_ body: HTTPClientResponse.Body) {
            iterator = Mutex(Slot(iterator: body.makeAsyncIterator()))
        }

        func next() async throws -> [UInt8]? {
            var slot = iterator.withLock { slot in
                defer { slot.iterator = nil }
                return slot
            }
            guard let buffer = try await slot.iterator?.next() else { return nil }
            let bytes = Array(buffer.readableBytesView)
            iterator.withLock { [slot] in $0 = slot }
            return bytes
        }
    }
#endif
