extension RemoteEngine {
    /// Sends a request on to one of the servers, word for word but for the key, and gives the answer back as it comes,
    /// whatever its status.
    ///
    /// It takes a place at the server, as generations do, until the answer was read or let go of. A server that cannot be
    /// reached, or is lost before it answers, is passed over as for a generation; so is one that is overloaded or broken,
    /// where there is another one that works.
    /// - Parameters:
    ///   - route: What is asked, such as `/v1/chat/completions`.
    ///   - headers: Names in lower case, and values; the engine's own key is added.
    /// - Throws: ``TransportError``, `CancellationError`.
    public func relay(_ route: String, headers: [String: String], body: [UInt8]) async throws -> HTTPResponse {
        var retries = 0
        var failed: Int?
        while true {
            let lease = try await pool.lease(preferring: nil, avoiding: failed)
            let request = HTTPRequest(.post, endpoints[lease.endpoint].url.route(route), headers: headers, body: body)
            count { $0.requests += 1 }
            do {
                let response = try await transport.send(request.authorized(by: options.credential))
                let outcome = Self.outcome(of: response)
                guard outcome == .overloaded || outcome == .failure, retries < RetryPolicy.maximumRetries,
                    pool.works(besides: lease.endpoint), pool.mayRetry(after: lease.endpoint)
                else { return Self.holding(lease, until: response) }
                lease.end(outcome)
                count { $0.retries += 1 }
                retries += 1
                failed = lease.endpoint
            } catch let error as TransportError {
                let failure = GenerationFailure(error)
                lease.end(RetryPolicy.outcome(of: failure))
                pool.lost(lease.endpoint)
                let action = RetryPolicy.action(
                    for: failure, retries: retries, canContinue: true, jitter: randomShare())
                guard case .retry(let pause) = action, pool.mayRetry(after: lease.endpoint) else { throw error }
                count { $0.retries += 1 }
                retries += 1
                failed = lease.endpoint
                try await self.pause(pause)
            }
        }
    }

    private static func outcome(of response: HTTPResponse) -> EndpointOutcome {
        response.status == 200 ? .success : RetryPolicy.outcome(of: GenerationFailure(.status(response.status), ""))
    }

    /// The answer, with the place at the server given back at its end.
    private static func holding(_ lease: EndpointLease, until response: HTTPResponse) -> HTTPResponse {
        let outcome = outcome(of: response)
        return HTTPResponse(status: response.status, headers: response.headers) {
            do {
                let bytes = try await response.nextBytes()
                if bytes == nil { lease.end(outcome) }
                return bytes
            } catch let error as TransportError {
                lease.end(.failure)
                throw error
            }
        }
    }
}
