/// How often a server is asked whether it is well, as a pure value.
///
/// One that fails is asked at once and then after pauses that double from one second up to 15, so that it is back before a
/// request has to try it. Only a request that it serves ends the doubling: a server that answers questions and no requests
/// is asked less and less often. One of which nothing was heard is asked every 15 seconds, and every second while it is
/// lost.
struct ProbePace: Sendable, Hashable {
    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(15)

    /// Questions since it failed first.
    private var tries = 0
    private var lastAsked = Duration.zero

    /// Whether a server is to be asked.
    /// - Parameter lastHeard: when something was heard of it; nil when its connection broke since.
    func isDue(isFailing: Bool, lastHeard: Duration?, at now: Duration) -> Bool {
        if isFailing { return now - lastAsked >= min(Self.longest, Self.shortest * (1 << min(max(0, tries - 1), 4))) }
        guard let lastHeard else { return now - lastAsked >= Self.shortest }
        return now - max(lastHeard, lastAsked) >= Self.longest
    }

    /// Notes that it is asked.
    mutating func ask(isFailing: Bool, at now: Duration) {
        lastAsked = now
        if isFailing { tries += 1 }
    }

    /// Notes that it served a request.
    mutating func served() { tries = 0 }
}
