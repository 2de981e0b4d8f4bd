/// What was measured.
struct Figures: Encodable {
    /// What one decoded token costs.
    struct Cost: Encodable {
        /// Microseconds of processor time, of all processors together.
        var cpuMicroseconds: Double
        /// Allocations; negative where they cannot be counted.
        var allocations: Double
    }

    var threads: Int
    var tokens: Int
    var steered: Bool
    var run: Cost
    var engine: Cost
}
