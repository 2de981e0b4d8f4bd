import Foundation

/// Makes names for runs that sort by time.
enum RunID {
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// `run_` and 26 characters: 48 bits of milliseconds since 1970, and 80 random ones.
    static func make(at time: Date = Date()) -> String { "run_" + characters(at: time) }

    /// Whether a text has the form of a run's name.
    static func isOne(_ text: String) -> Bool {
        text.hasPrefix("run_") && text.utf8.count == 30 && text.utf8.dropFirst(4).allSatisfy { digits.contains($0) }
    }

    /// The same for a request.
    static func request(at time: Date = Date()) -> String { "req_" + characters(at: time) }

    private static func characters(at time: Date) -> String {
        let milliseconds = UInt64(exactly: max(0, time.timeIntervalSince1970 * 1000).rounded(.down)) ?? 0
        var text: [UInt8] = []
        for shift in stride(from: 45, through: 0, by: -5) {
            text.append(digits[Int((milliseconds >> UInt64(shift)) & 31)])
        }
        for _ in 0..<16 { text.append(digits[Int.random(in: 0..<32)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
