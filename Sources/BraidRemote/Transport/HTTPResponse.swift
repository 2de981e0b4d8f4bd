/// The head of an answer over HTTP, and its body as it comes.
public struct HTTPResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Names in lower case, and values.
    public var headers: [String: String]
    /// Waits for the next bytes of the body; nil at its end. Called by one task at a time. Letting go of it closes the
    /// request. Throws ``TransportError`` when the body is cut, and `CancellationError`.
    public var nextBytes: @Sendable () async throws -> [UInt8]?

    /// Creates a response.
    public init(
        status: Int, headers: [String: String], nextBytes: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.status = status
        self.headers = headers
        self.nextBytes = nextBytes
    }

    /// The whole body.
    /// - Throws: ``TransportError``, also when it is longer than `limit` bytes; `CancellationError`.
    func collect(limit: Int = 1 << 22) async throws -> [UInt8] {
        var body: [UInt8] = []
        while let bytes = try await nextBytes() {
            guard body.count + bytes.count <= limit else {
                throw TransportError.cut("the answer is longer than \(limit) bytes")
            }
            body += bytes
        }
        return body
    }
}
