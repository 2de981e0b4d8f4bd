/// A benchmark's rows as text.
public struct BenchmarkTable: Sendable {
    /// The rows, in the order they were measured.
    public var rows: [BenchmarkRow]

    /// Creates a table.
    public init(_ rows: [BenchmarkRow]) {
        self.rows = rows
    }

    /// The table with aligned columns.
    public var text: String {
        let header = [
            "task", "method", "n", "accuracy", "95 % interval", "tokens", "critical path", "threads", "forked",
            "width as expected", "structure valid", "refuted", "reused", "seconds",
        ]
        let lines = [header] + rows.map(Self.cells)
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            line.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column < 2 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func cells(_ row: BenchmarkRow) -> [String] {
        [
            row.task.rawValue, row.method, String(row.n), percent(row.accuracy),
            "\(percent(row.accuracyLow)) - \(percent(row.accuracyHigh))", decimal(row.meanTotalTokens, 1),
            decimal(row.meanCriticalPathTokens, 1), decimal(row.meanThreads, 2), percent(row.forkRate),
            row.expectedWidthRate.map(percent) ?? "-", percent(row.structureValidRate),
            decimal(row.meanRefutedReturns, 2), decimal(row.meanReusedResults, 2), decimal(row.meanWallSeconds, 3),
        ]
    }

    private static func percent(_ share: Double) -> String {
        decimal(share * 100, 1) + " %"
    }

    /// A number that is not negative with a fixed number of digits after the point.
    private static func decimal(_ value: Double, _ digits: Int) -> String {
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((value * Double(scale)).rounded())
        let fraction = String(whole % scale)
        return "\(whole / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
