/// Counts values by how large they are.
struct Histogram: Sendable, Hashable {
    /// Upper ends of the classes.
    let bounds: [Double]
    /// Values in each class, and at the end those above all bounds.
    private(set) var counts: [Int]
    /// All values added up.
    private(set) var sum = 0.0

    /// Creates an empty one.
    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// For times of requests.
    static let seconds = Histogram([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600])

    /// Adds a value.
    mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
