/// Finds the texts that end an answer while the answer is on its way, and keeps back what may be the beginning of one.
///
/// The stop that is complete first ends the text, and of those that are complete at once the longest, however the text is
/// cut into pieces.
struct StopScanner: Sendable {
    /// What is safe to show, and what ended the text.
    struct Step: Sendable, Hashable {
        /// Text that belongs to no stop.
        var text: String
        /// The stop that was found; the text after it is dropped.
        var stop: String?
    }

    /// The longest first.
    private let stops: [(text: String, bytes: [UInt8])]
    private let keepsStop: Bool
    private var waiting: [UInt8] = []

    /// Looks for these texts; an empty one is never found.
    /// - Parameter keepsStop: whether the stop is shown as the text's end.
    init(_ stops: [String], keepsStop: Bool = false) {
        self.stops = stops.filter { !$0.isEmpty }.map { ($0, Array($0.utf8)) }.sorted { $0.1.count > $1.1.count }
        self.keepsStop = keepsStop
    }

    /// Adds a piece.
    /// - Complexity: O(length of the piece, times the length of all stops).
    mutating func take(_ piece: String) -> Step {
        if stops.isEmpty { return Step(text: piece, stop: nil) }
        for byte in piece.utf8 {
            waiting.append(byte)
            guard let stop = stops.first(where: { ends(with: $0.bytes[...]) }) else { continue }
            let text = String(decoding: keepsStop ? waiting[...] : waiting.dropLast(stop.bytes.count), as: UTF8.self)
            waiting = []
            return Step(text: text, stop: stop.text)
        }
        let safe = waiting.count - beginningLength
        let text = String(decoding: waiting[..<safe], as: UTF8.self)
        waiting.removeSubrange(..<safe)
        return Step(text: text, stop: nil)
    }

    /// What was kept back, when the text ends without a stop.
    mutating func end() -> String {
        defer { waiting = [] }
        return String(decoding: waiting, as: UTF8.self)
    }

    /// How many of the last bytes may begin a stop.
    private var beginningLength: Int {
        let longest = min(waiting.count, (stops.first?.bytes.count ?? 1) - 1)
        return stride(from: longest, to: 0, by: -1).first { length in
            stops.contains { $0.bytes.count > length && ends(with: $0.bytes[..<length]) }
        } ?? 0
    }

    private func ends(with bytes: ArraySlice<UInt8>) -> Bool {
        waiting.count >= bytes.count && waiting[(waiting.count - bytes.count)...] == bytes
    }
}
