/// Who may run now, who waits, and who is refused: at most so many runs, a queue that is bounded, and turns between keys.
///
/// The last places are for keys that have no run: one with many requests does not keep others from their first one, however
/// long its runs take.
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
    private let reserve: Int
    private let queue: Int
    private let perKey: Int
    private var owners: [Ticket: String] = [:]
    private var running: Set<Ticket> = []
    /// Requests that wait, by key, in the order they came.
    private var waiting: [String: [Ticket]] = [:]
    /// Keys with requests that wait; the first is next.
    private var turns: [String] = []
    private var counts: [String: Int] = [:]
    private var runningCounts: [String: Int] = [:]
    private var lastNumber = 0
    private var isClosed = false

    /// Opens so many places.
    /// - Parameters:
    ///   - reserve: so many of them are for keys without a run.
    ///   - perKey: most requests of one key, those that wait included.
    init(runs: Int, reserve: Int = 0, queue: Int, perKey: Int) {
        self.runs = max(1, runs)
        self.reserve = max(0, min(reserve, self.runs - 1))
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
        if !mayRun(key), waitingCount >= queue { return .overloaded }
        return nil
    }

    private func mayRun(_ key: String) -> Bool {
        running.count < (runningCounts[key] == nil ? runs : runs - reserve)
    }

    /// Takes a request in, or refuses it.
    mutating func enter(_ key: String) -> Decision {
        if let refusal = refusal(of: key) { return refusal }
        lastNumber += 1
        let ticket = Ticket(number: lastNumber)
        owners[ticket] = key
        counts[key, default: 0] += 1
        // Those who wait may not run, or they would not wait: nobody is overtaken.
        if mayRun(key), waiting[key] == nil {
            run(ticket, of: key)
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
        if running.remove(ticket) != nil {
            runningCounts[key, default: 1] -= 1
            if runningCounts[key] == 0 { runningCounts[key] = nil }
        } else {
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
        while let index = turns.firstIndex(where: mayRun) {
            let key = turns.remove(at: index)
            guard let ticket = waiting[key]?.first else { continue }
            waiting[key]?.removeFirst()
            if waiting[key]?.isEmpty == true { waiting[key] = nil } else { turns.append(key) }
            run(ticket, of: key)
            next.append(ticket)
        }
        return next
    }

    private mutating func run(_ ticket: Ticket, of key: String) {
        running.insert(ticket)
        runningCounts[key, default: 0] += 1
    }
}
