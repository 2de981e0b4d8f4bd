/// Decides which rows run in the next step: all decoding contexts of all questions together, and prefill in chunks.
///
/// A job says how many rows it has ready. A job with one row ready is a decode step, or the end of a prefill; those go
/// first, longest waiting first, because somebody reads each of their tokens. Rows that are left go to prefill, first
/// come, first served; an eighth of the rows is kept for it, so that decoding never starves it, nor it decoding.
///
/// A pure value (continuous batching after Yu et al. 2022, "Orca", section 3.2, with chunked prefill after Agrawal et al.
/// 2024, arXiv 2403.02310): the worker performs what ``nextStep()`` returns.
struct BatchScheduler: Sendable {
    /// Rows of one job in a step.
    struct Assignment: Hashable, Sendable {
        let job: JobID
        /// At least 1.
        let rows: Int
    }

    /// Most rows of a step.
    let maximumRows: Int
    /// Rows ready, of jobs that have any.
    private var ready: [JobID: Int] = [:]
    /// Jobs with rows ready, the longest waiting first.
    private var queue: [JobID] = []

    /// Creates a scheduler without jobs. Fewer than 2 rows are taken as 2: one to decode, one to prefill.
    init(maximumRows: Int) {
        self.maximumRows = max(2, maximumRows)
    }

    /// Whether there is nothing to run.
    var isIdle: Bool { queue.isEmpty }

    /// Jobs with rows ready.
    var readyCount: Int { queue.count }

    /// Adds rows to a job; a job without any takes its place at the end of the queue.
    mutating func supply(_ job: JobID, rows: Int) {
        guard rows > 0 else { return }
        if ready[job] == nil { queue.append(job) }
        ready[job, default: 0] += rows
    }

    /// Takes a job's rows away, whatever it waits for.
    mutating func remove(_ job: JobID) {
        if ready.removeValue(forKey: job) != nil { queue.removeAll { $0 == job } }
    }

    /// The rows of the next step, and takes them; empty when nothing is ready.
    ///
    /// Every job appears at most once. A job that still has rows keeps its place.
    /// - Complexity: O(jobs with rows ready).
    mutating func nextStep() -> [Assignment] {
        let prefillWaits = queue.contains { ready[$0, default: 0] > 1 }
        let decodeLimit = prefillWaits ? maximumRows - max(1, maximumRows / 8) : maximumRows
        var left = maximumRows
        var assignments: [Assignment] = []
        for job in queue where ready[job] == 1 {
            guard assignments.count < decodeLimit else { break }
            assignments.append(Assignment(job: job, rows: 1))
            left -= 1
        }
        for job in queue {
            guard left > 0 else { break }
            guard let rows = ready[job], rows > 1 else { continue }
            let taken = min(rows, left)
            assignments.append(Assignment(job: job, rows: taken))
            left -= taken
        }
        for assignment in assignments {
            let rest = ready[assignment.job, default: 0] - assignment.rows
            ready[assignment.job] = rest > 0 ? rest : nil
        }
        queue.removeAll { ready[$0] == nil }
        return assignments
    }
}
