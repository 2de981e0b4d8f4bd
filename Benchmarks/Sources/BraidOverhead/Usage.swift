import CAllocationCount
import Foundation

/// What the process has used so far.
struct Usage {
    private var cpuSeconds: Double
    private var allocations: Int64

    static func now() -> Usage {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Usage(cpuSeconds: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9, allocations: allocation_count())
    }

    func cost(since start: Usage, tokens: Int) -> Figures.Cost {
        let count = Double(max(1, tokens))
        return Figures.Cost(
            cpuMicroseconds: (cpuSeconds - start.cpuSeconds) * 1e6 / count,
            allocations: allocations < 0 ? -1 : Double(allocations - start.allocations) / count)
    }
}
