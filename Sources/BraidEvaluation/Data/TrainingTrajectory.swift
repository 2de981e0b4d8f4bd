/// One rendered trajectory as training reads it: a tree of segments, one JSON object per line.
public struct TrainingTrajectory: Sendable, Codable, Hashable {
    /// How the trajectory reasons.
    public enum Mode: String, Sendable, Codable, CaseIterable {
        /// Forks where that pays.
        case adaptive
        /// Never forks.
        case sequential
    }

    /// A stretch of tokens with one author; its context is the concatenation of its ancestors.
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

        /// Index of the parent segment, -1 for the root.
        public var parent: Int
        /// What it is for.
        public var kind: Kind
        /// Whether the model writes it; only then it is trained.
        public var model: Bool
        /// Whether a thread returned a result; nil elsewhere.
        public var useful: Bool?
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
    /// How it reasons.
    public var mode: Mode
    /// The question in words.
    public var question: String
    /// The segments; a parent comes before its children.
    public var segments: [Segment]
}
