import Braid

/// One thread as a person watches it.
struct Lane: Hashable {
    /// What it is doing.
    enum State: Hashable {
        /// It has not begun; perhaps it comes after these outlines.
        case waiting(after: [Int])
        /// It decodes.
        case thinking
        /// It has forked and waits for this many threads.
        case forked(Int)
        /// It is over.
        case ended(ThreadOutcome, returned: String?)
    }

    /// How much of the text is kept, in scalars; more than any window shows.
    static let keptScalars = 400

    /// Its path.
    let id: String
    /// Its subtask, or the question; safe to show.
    let title: String
    /// What it is doing.
    var state: State
    /// Tokens it has decoded.
    var tokenCount = 0
    /// What the controller last did to it; safe to show.
    var note = ""
    /// The end of what it wrote, on one line; safe to show.
    private(set) var text = ""

    /// Creates a lane that has not begun.
    init(id: String, title: String, after: [Int] = []) {
        self.id = id
        self.title = AnswerExtractor.trimmed(SafeText.line(title.unicodeScalars.prefix(Self.keptScalars).text))
        state = .waiting(after: after)
    }

    /// Adds what was decoded.
    mutating func append(_ token: DecodedToken) {
        tokenCount += 1
        state = .thinking
        text += token.control == nil ? SafeText.line(token.text) : " "
        if text.unicodeScalars.count > 2 * Self.keptScalars {
            text = text.unicodeScalars.suffix(Self.keptScalars).text
        }
    }

    /// Notes what came back into it.
    mutating func joined(_ count: Int) {
        state = .thinking
        text += count == 1 ? " [1 thread joined] " : " [\(count) threads joined] "
    }
}

extension Substring.UnicodeScalarView {
    /// These scalars as text.
    fileprivate var text: String { String(String.UnicodeScalarView(self)) }
}
