internal import Foundation

/// How long an engine asks to wait, from the headers of its answer.
enum RetryHint {
    /// Reads `retry-after-ms`, then `retry-after` in seconds or as an HTTP date; nil when there is none that makes sense.
    static func wait(_ headers: [String: String], now: Date = Date()) -> Duration? {
        if let text = headers["retry-after-ms"], let milliseconds = Double(text), milliseconds >= 0 {
            return duration(milliseconds / 1000)
        }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return seconds >= 0 ? duration(seconds) : nil }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text).map { duration(max(0, $0.timeIntervalSince(now))) ?? .zero }
    }

    /// What `x-should-retry` says.
    static func shouldRetry(_ headers: [String: String]) -> Bool? {
        switch headers["x-should-retry"] {
        case "true": true
        case "false": false
        default: nil
        }
    }

    private static func duration(_ seconds: Double) -> Duration? {
        seconds.isFinite && seconds < 1e9 ? .seconds(seconds) : nil
    }
}
