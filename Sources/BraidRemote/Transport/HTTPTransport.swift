/// Carries requests to engines. The package's own is `NetworkTransport`, which the trait `Remote` switches on; another
/// HTTP client can take its place.
public protocol HTTPTransport: Sendable {
    /// Sends a request and waits for the head of the answer, whatever its status. Follows no redirects.
    ///
    /// Cancelling the calling task, or letting go of the response, closes the request.
    /// - Throws: ``TransportError``, `CancellationError`.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

extension HTTPTransport {
    /// Sends a request, and once more when the connection is lost before an answer begins: servers close connections that
    /// idled for some seconds or carried some hundred requests, and may do so just as the next request is on its way.
    /// - Parameter mayRepeat: Whether the request may be sent again, asked when it would be.
    func sendSurely(
        _ request: HTTPRequest, mayRepeat: @Sendable () -> Bool = { true }
    ) async throws -> HTTPResponse {
        do {
            return try await send(request)
        } catch TransportError.lost where mayRepeat() {
            return try await send(request)
        }
    }
}
