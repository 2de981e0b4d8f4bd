/// Decides, step by step, whether a forward pass pays for its worker threads.
///
/// On a quiet machine two threads are nearly twice as fast as one. On a busy one the operating system takes a worker's
/// processor away in the middle of its work, all others wait, and one thread alone is several times faster. So both ways
/// are timed, for each size of step, and the faster one is taken; the other is tried again now and then, more rarely
/// each time it loses. Results do not depend on the choice.
struct ThreadingPolicy: Sendable {
    private struct Record: Sendable {
        /// Seconds per step, averaged over the last few; nil until tried.
        var together: Double?
        var alone: Double?
        var stepsUntilTrial = ThreadingPolicy.firstInterval
        var interval = ThreadingPolicy.firstInterval

        var prefersTogether: Bool {
            guard let together, let alone else { return true }
            return together <= alone
        }
    }

    private static let firstInterval = 16
    private static let longestInterval = 4096

    /// By the number of bits of the row count: steps of about the same size take about the same time.
    private var records = [Record](repeating: Record(), count: 16)

    /// Whether the next step of so many rows uses the workers.
    func usesWorkers(rows: Int) -> Bool {
        let record = records[Self.size(rows)]
        return record.stepsUntilTrial == 0 ? !record.prefersTogether : record.prefersTogether
    }

    /// Takes note of how long a step took.
    mutating func record(rows: Int, usedWorkers: Bool, seconds: Double) {
        let size = Self.size(rows)
        func averaged(_ old: Double?) -> Double { old.map { 0.5 * $0 + 0.5 * seconds } ?? seconds }
        var record = records[size]
        let wasTrial = record.stepsUntilTrial == 0
        let before = record.prefersTogether
        if usedWorkers {
            // What was measured on a busy machine says nothing about now.
            record.together = wasTrial && !before ? seconds : averaged(record.together)
        } else {
            record.alone = wasTrial && before ? seconds : averaged(record.alone)
        }
        if wasTrial {
            record.interval =
                record.prefersTogether == before ? min(2 * record.interval, Self.longestInterval) : Self.firstInterval
            record.stepsUntilTrial = record.interval
        } else {
            record.stepsUntilTrial -= 1
        }
        records[size] = record
    }

    private static func size(_ rows: Int) -> Int {
        min(15, Int.bitWidth - max(0, rows).leadingZeroBitCount)
    }
}
