internal import Braid

extension RemoteEngine {
    /// How often it is looked whether a server is to be asked.
    private static let watchInterval = Duration.seconds(1)
    /// Longest wait for a server that says that it is well.
    private static let healthTimeout = Duration.seconds(5)

    /// The addresses of the servers, and whether requests go to each; a server that cannot be reached, or fails again and
    /// again, gets none as long as there is another one.
    public var servers: [(url: String, isWell: Bool)] {
        zip(endpoints, pool.areWell).map { ($0.url.description, $1) }
    }

    /// Asks servers that fail, and those of which nothing is heard, whether they are well, until the calling task is
    /// cancelled. One that is back then gets requests at once, and one that dies is known to be gone before a request
    /// meets it; without this, a request tries a server that failed every 30 seconds.
    public func watch() async {
        do {
            while true {
                try await time.wait(Self.watchInterval)
                await askWhoIsDue()
            }
        } catch {
            // It is watched no longer.
        }
    }

    /// Asks all servers whose turn it is, at the same time.
    func askWhoIsDue() async {
        await withDiscardingTaskGroup { group in
            for endpoint in pool.dueProbes() {
                group.addTask { await self.askWhetherWell(endpoint) }
            }
        }
    }

    private func askWhetherWell(_ endpoint: Int) async {
        do {
            try await time.within(Self.healthTimeout) { [self] in
                let response = try await transport.sendSurely(endpoints[endpoint].adapter.health)
                let body = try await response.collect()
                // Who refuses the question is there; a server that loads its model answers 503.
                guard response.status < 500 else {
                    throw WireError.failure(status: response.status, headers: response.headers, body: body)
                }
                try await identify(endpoint)
            }
            pool.answered(endpoint)
        } catch is CancellationError {
            // Nothing was learnt.
        } catch {
            pool.missed(endpoint)
        }
    }
}
