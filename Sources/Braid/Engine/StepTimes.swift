/// How long an engine takes for one step that decodes a token in each of so many threads, as measured.
public struct StepTimes: Sendable, Hashable, Codable {
    /// Widths that are measured where nothing else is asked for.
    public static let standardWidths = [1, 2, 4, 8, 16]

    /// Seconds of one step, by number of threads.
    public let seconds: [Int: Double]

    /// Keeps what was measured; widths below 1 and times that are not positive are left out.
    public init(_ seconds: [Int: Double]) {
        self.seconds = seconds.filter { $0.key >= 1 && $0.value > 0 && $0.value.isFinite }
    }

    /// The widest measured number of threads that still pays: each widening up to it decodes more tokens in a second, by at
    /// least `gain` for each doubling.
    /// - Returns: nil when nothing was measured.
    public func usefulWidth(gain: Double = 1.1) -> Int? {
        let widths = seconds.keys.sorted()
        guard var best = widths.first, var step = seconds[best] else { return nil }
        for width in widths.dropFirst() {
            guard let next = seconds[width] else { continue }
            let ratio = Double(width) / Double(best)
            // Throughput grows by ratio * step / next; `gain` is asked of each doubling.
            var needed = 1.0
            var doubled = 2.0
            while doubled <= ratio {
                needed *= gain
                doubled *= 2
            }
            if ratio < 2 { needed = gain }
            guard ratio * step / next >= needed else { break }
            (best, step) = (width, next)
        }
        return best
    }
}
