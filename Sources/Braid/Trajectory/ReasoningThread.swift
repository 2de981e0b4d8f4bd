/// The record of one thread, or of the main line, which is the root.
public struct ReasoningThread: Sendable, Hashable, Codable {
    /// One thing that happened in a thread.
    public enum Step: Sendable, Hashable {
        /// Tokens came into its context.
        case segment(Segment)
        /// It forked.
        case fork(Fork)
    }

    /// Its path: `0` is the main line, `0.2` its second thread, `0.2.1` a thread of that.
    ///
    /// Threads are counted on over all forks of one parent, so a path is unique within a run.
    public var id: String
    /// Its subtask; nil for the main line and for threads that a method forked without outlines.
    public var outline: Outline?
    /// What happened, in order.
    public var steps: [Step]
    /// How it ended; nil in the record of a run that is still going on.
    public var outcome: ThreadOutcome?
    /// What it handed back, if it did.
    public var returned: String?

    /// Creates a record.
    public init(
        id: String, outline: Outline? = nil, steps: [Step] = [], outcome: ThreadOutcome? = nil, returned: String? = nil
    ) {
        self.id = id
        self.outline = outline
        self.steps = steps
        self.outcome = outcome
        self.returned = returned
    }
}

extension ReasoningThread.Step: Codable {
    private enum CodingKeys: String, CodingKey {
        case segment, fork
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let segment = try container.decodeIfPresent(Segment.self, forKey: .segment) {
            self = .segment(segment)
        } else {
            self = .fork(try container.decode(Fork.self, forKey: .fork))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .segment(let segment): try container.encode(segment, forKey: .segment)
        case .fork(let fork): try container.encode(fork, forKey: .fork)
        }
    }
}
