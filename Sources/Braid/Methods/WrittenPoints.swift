import Synchronization

/// Points of a skeleton as they are written out, in any order.
final class WrittenPoints: Sendable {
    private let points: Mutex<[String]>

    /// Begins with the points themselves.
    init(_ points: [String]) {
        self.points = Mutex(points)
    }

    /// The points in order, a line each.
    var text: String { points.withLock { $0.joined(separator: "\n") } }

    /// Adds what was written to a point, and gives the whole text.
    func put(_ written: String, at index: Int) -> String {
        points.withLock { points in
            points[index] = AnswerExtractor.trimmed(points[index] + written)
            return points.joined(separator: "\n")
        }
    }
}
