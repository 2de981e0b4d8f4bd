/// Who may run now, who waits, and who is refused: at most so many runs, a queue that is bounded, and turns between keys,
/// so that a key with many requests does not keep others from their first one.
struct Admission: Sendable {
    /// A request's place.
    struct Ticket: Sendable, Hashable {
        fileprivate let number: Int
    }

    /// What becomes of a request.
    enum Decision: Sendable, Hashable {
        /// It may run.
        case runs(Ticket)
        /// It waits for its turn.
        case waits(Ticket)
        /// All places and the queue are taken.
        case overloaded
        /// Its key has as many requests as it may have.
        case keyIsBusy
        /// Nothing begins any more.
        case isClosed
    }

    private let runs: Int
    private let queue: Int
    private let perKey: Int
    private var owners: [Ticket: String] = [:]
    private var running: Set<Ticket> = []
    /// Requests that wait, by key, in the order they came.
    private var waiting: [String: [Ticket]] = [:]
    /// Keys with requests that wait; the first is next.
    private var turns: [String] = []
    private var counts: [String: Int] = [:]
    private var lastNumber = 0
    private var isClosed = false

    /// Opens so many places.
    init(runs: Int, queue: Int, perKey: Int) {
        self.runs = max(1, runs)
        self.queue = max(0, queue)
        self.perKey = max(1, perKey)
    }

    /// Requests that run.
    var runningCount: Int { running.count }
    /// Requests that wait.
    var waitingCount: Int { owners.count - running.count }

    /// What would become of another request of this key; nil when it would run or wait.
    func refusal(of key: String) -> Decision? {
        if isClosed { return .isClosed }
        if counts[key, default: 0] >= perKey { return .keyIsBusy }
        if running.count >= runs, waitingCount >= queue { return .overloaded }
        return nil
    }

    /// Takes a request in, or refuses it.
    mutating func enter(_ key: String) -> Decision {
        if let refusal = refusal(of: key) { return refusal }
        lastNumber += 1
        let ticket = Ticket(number: lastNumber)
        owners[ticket] = key
        counts[key, default: 0] += 1
        // Nobody overtakes those who wait.
        if running.count < runs, turns.isEmpty {
            running.insert(ticket)
            return .runs(ticket)
        }
        if waiting[key] == nil { turns.append(key) }
        waiting[key, default: []].append(ticket)
        return .waits(ticket)
    }

    /// Lets a request go, whether it ran or waited.
    /// - Returns: those that may run now.
    mutating func leave(_ ticket: Ticket) -> [Ticket] {
        guard let key = owners.removeValue(forKey: ticket) else { return [] }
        counts[key, default: 1] -= 1
        if counts[key] == 0 { counts[key] = nil }
        if running.remove(ticket) == nil {
            waiting[key]?.removeAll { $0 == ticket }
            if waiting[key]?.isEmpty == true {
                waiting[key] = nil
                turns.removeAll { $0 == key }
            }
        }
        return fill()
    }

    /// Refuses everything from now on.
    /// - Returns: those that waited and never will run; each still leaves by itself.
    mutating func close() -> [Ticket] {
        isClosed = true
        let refused = waiting.values.flatMap { $0 }
        waiting = [:]
        turns = []
        return refused
    }

    private mutating func fill() -> [Ticket] {
        var next: [Ticket] = []
        while running.count < runs, let key = turns.first {
            turns.removeFirst()
            guard let ticket = waiting[key]?.first else { continue }
            waiting[key]?.removeFirst()
            if waiting[key]?.isEmpty == true { waiting[key] = nil } else { turns.append(key) }
            running.insert(ticket)
            next.append(ticket)
        }
        return next
    }
}
