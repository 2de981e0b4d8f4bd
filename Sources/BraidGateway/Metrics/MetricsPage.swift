/// Metrics in Prometheus' text format, version 0.0.4.
struct MetricsPage: Sendable {
    /// The page so far.
    private(set) var text = ""

    /// Adds a counter.
    /// - Parameter values: labels with their braces, or an empty text, and values.
    mutating func counter(_ name: String, _ help: String, _ values: [(String, Int)]) {
        head(name, help, "counter")
        for (labels, value) in values { text += "\(name)\(labels) \(value)\n" }
    }

    /// Adds a gauge.
    mutating func gauge(_ name: String, _ help: String, _ value: Int) { gauge(name, help, [("", value)]) }

    /// Adds a gauge.
    /// - Parameter values: labels with their braces, or an empty text, and values.
    mutating func gauge(_ name: String, _ help: String, _ values: [(String, Int)]) {
        head(name, help, "gauge")
        for (labels, value) in values { text += "\(name)\(labels) \(value)\n" }
    }

    /// Adds a histogram.
    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        head(name, help, "histogram")
        var count = 0
        for (bound, number) in zip(histogram.bounds, histogram.counts) {
            count += number
            text += "\(name)_bucket{le=\"\(bound)\"} \(count)\n"
        }
        count += histogram.counts[histogram.bounds.count]
        text += "\(name)_bucket{le=\"+Inf\"} \(count)\n\(name)_sum \(histogram.sum)\n\(name)_count \(count)\n"
    }

    private mutating func head(_ name: String, _ help: String, _ kind: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }
}
