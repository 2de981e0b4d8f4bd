/// Finds the end of a text that comes piece by piece.
struct TextStops: Sendable {
    private let stops: [(text: String, bytes: [UInt8])]
    private let longest: Int
    private var bytes: [UInt8] = []

    /// Looks for these texts; an empty one is never found.
    init(_ stops: [String]) {
        self.stops = stops.filter { !$0.isEmpty }.map { ($0, Array($0.utf8)) }
        longest = self.stops.map(\.bytes.count).max() ?? 0
    }

    /// The text so far, without the stop.
    /// - Complexity: O(length of the text).
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Its length in bytes.
    var length: Int { bytes.count }

    /// Takes away what stands behind so many bytes.
    mutating func cut(to length: Int) {
        bytes.removeSubrange(min(length, bytes.count)...)
    }

    /// Adds a piece; of stops that it completes, the one that begins first ends the text.
    /// - Complexity: O(length of the piece · length of the stops).
    mutating func take(_ piece: String) -> String? {
        let first = max(0, bytes.count - max(0, longest - 1))
        bytes += piece.utf8
        for start in first..<max(first, bytes.count) {
            for stop in stops where bytes[start...].starts(with: stop.bytes) {
                bytes.removeSubrange(start...)
                return stop.text
            }
        }
        return nil
    }
}
