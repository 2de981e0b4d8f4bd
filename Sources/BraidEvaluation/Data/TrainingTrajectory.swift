/// One rendered trajectory as training reads it: a tree of segments, one JSON object per line.
public struct TrainingTrajectory: Sendable, Codable, Hashable {
    /// How the trajectory reasons.
    public enum Mode: String, Sendable, Codable, CaseIterable {
        /// Forks where that pays.
        case adaptive
        /// Never forks.
        case sequential
    }

    /// A stretch of tokens with one author; its context is the concatenation of its ancestors, and after a stitched join
    /// that of all its threads as well.
    public struct Segment: Sendable, Codable, Hashable {
        /// What a segment is for.
        public enum Kind: String, Sendable, Codable {
            /// The question.
            case prompt
            /// The main line.
            case main
            /// What the runtime writes at a thread's start.
            case seed
            /// What a thread writes.
            case thread
            /// What the parent sees after a join.
            case join
        }

        /// Index of the parent segment, -1 for one without a context.
        public var parent: Int
        /// What it is for.
        public var kind: Kind
        /// Whether the model writes it; only then it is trained.
        public var model: Bool
        /// Whether a thread returned a result; nil elsewhere.
        public var useful: Bool?
        /// Whether a join adopts the threads' keys and values: its context holds all of them besides the fork's, and its
        /// positions go on after the longest; nil for no.
        public var stitched: Bool?
        /// Its text, each piece tokenised by itself.
        public var pieces: [Piece]
    }

    /// Plain text or one control token.
    public enum Piece: Sendable, Codable, Hashable {
        /// Plain text, tokenised with control tokens disabled.
        case text(String)
        /// One control tag.
        case control(String)

        private enum CodingKeys: String, CodingKey {
            case text, control
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if let tag = try container.decodeIfPresent(String.self, forKey: .control) {
                self = .control(tag)
            } else {
                self = .text(try container.decode(String.self, forKey: .text))
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch self {
            case .text(let text): try container.encode(text, forKey: .text)
            case .control(let tag): try container.encode(tag, forKey: .control)
            }
        }
    }

    /// The family.
    public var task: PuzzleTask
    /// The name of the form it is told in.
    public var dialect: String
    /// How it reasons.
    public var mode: Mode
    /// The question in words.
    public var question: String
    /// The segments; a parent comes before its children.
    public var segments: [Segment]
}
