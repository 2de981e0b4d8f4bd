internal import Foundation

extension Plan {
    /// The plan as JSON on one line, as the planner is asked to write it.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            // Numbers and strings can always be encoded.
            return lines
        }
    }
}
