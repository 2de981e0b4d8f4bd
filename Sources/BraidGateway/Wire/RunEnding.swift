import Braid

/// How a run ended, as clients are told.
struct RunEnding: Sendable {
    /// Why the answer ends where it does.
    enum Finish: String, Sendable {
        case stop, length
    }

    /// What one line thought, up to where another goes on.
    struct Thought: Sendable, Hashable {
        /// Path of the line.
        var thread: String
        /// What it thought.
        var text: String
    }

    /// The run.
    var id: String
    /// What the request called the model.
    var model: String
    /// When the run began, in seconds since 1970.
    var created: Int
    /// The answer; empty where there is none.
    var answer: String
    /// Everything that was thought, in canonical order.
    var thoughts: [Thought]
    /// Why the answer ends where it does.
    var finish: Finish
    /// What was used.
    var usage: RunUsage
    /// The extension object `braid`.
    var report: JSONObject

    /// Everything that was thought, as one text.
    var reasoning: String { thoughts.reduce(into: "") { $0 += $1.text } }
}
