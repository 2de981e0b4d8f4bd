import Braid

/// What a run used, as clients are told.
struct RunUsage: Sendable, Hashable {
    /// Tokens of the user's prompt, once.
    var promptTokens: Int
    /// Tokens that all lines decoded.
    var completionTokens: Int
    /// Those of them that are not the answer's.
    var reasoningTokens: Int

    /// Nothing was used.
    init() {
        (promptTokens, completionTokens, reasoningTokens) = (0, 0, 0)
    }

    /// Adds what another run used.
    static func += (left: inout RunUsage, right: RunUsage) {
        left.promptTokens += right.promptTokens
        left.completionTokens += right.completionTokens
        left.reasoningTokens += right.reasoningTokens
    }

    /// Reads the figures off a record.
    /// - Parameter answerTokens: tokens that the answer was written with.
    init(_ trajectory: Trajectory, answerTokens: Int) {
        promptTokens = Self.promptTokens(of: trajectory.root) ?? 0
        completionTokens = TrajectoryMetrics(trajectory).totalTokens
        reasoningTokens = max(0, completionTokens - answerTokens)
    }

    /// It as OpenAI writes it.
    var json: JSONObject {
        var details = JSONObject()
        details.add("reasoning_tokens", reasoningTokens)
        var usage = JSONObject()
        usage.add("prompt_tokens", promptTokens)
        usage.add("completion_tokens", completionTokens)
        usage.add("total_tokens", promptTokens + completionTokens)
        usage.add("completion_tokens_details", details)
        return usage
    }

    /// The first prompt of a line, or of the threads that it consists of.
    private static func promptTokens(of line: ReasoningThread) -> Int? {
        for step in line.steps {
            switch step {
            case .segment(let segment) where segment.origin == .prompt: return segment.tokenCount
            case .segment: continue
            case .fork(let fork):
                for thread in fork.threads {
                    if let tokens = promptTokens(of: thread) { return tokens }
                }
            }
        }
        return nil
    }
}
