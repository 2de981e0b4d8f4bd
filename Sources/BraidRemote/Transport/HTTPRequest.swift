/// One HTTP request.
public struct HTTPRequest: Sendable, Hashable {
    /// What is to be done at the address.
    public enum Method: String, Sendable {
        /// Reads.
        case get = "GET"
        /// Sends a body.
        case post = "POST"
    }

    /// The method.
    public var method: Method
    /// The whole address.
    public var url: String
    /// Names in lower case, and values.
    public var headers: [String: String]
    /// The body; nil for none.
    public var body: [UInt8]?

    /// Creates a request.
    public init(_ method: Method, _ url: String, headers: [String: String] = [:], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// The same, with the key of who may ask.
    public func authorized(by credential: Credential?) -> HTTPRequest {
        guard let credential else { return self }
        var request = self
        request.headers["authorization"] = credential.authorization
        return request
    }
}
