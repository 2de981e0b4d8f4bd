/// How a thread ended.
public enum ThreadOutcome: Sendable, Hashable, CustomStringConvertible {
    /// It ended as its dialect wants.
    case finished
    /// Its token budget, or the run's, was used up.
    case tokenLimit
    /// Its context was full.
    case contextFull
    /// The run's deadline passed.
    case timedOut
    /// The run was cancelled.
    case cancelled
    /// Something threw; the text says what.
    case failed(String)
    /// It ended with a structure that cannot be used; the text says what is wrong.
    case malformed(String)

    /// It, in words.
    public var description: String {
        switch self {
        case .finished: "finished"
        case .tokenLimit: "cut: the token budget was used up"
        case .contextFull: "cut: the context was full"
        case .timedOut: "cut: the deadline passed"
        case .cancelled: "cancelled"
        case .failed(let message): "failed: \(message)"
        case .malformed(let reason): "malformed: \(reason)"
        }
    }

    /// Whether a budget or the context's end cut it.
    public var isCut: Bool {
        switch self {
        case .tokenLimit, .contextFull, .timedOut: true
        case .finished, .cancelled, .failed, .malformed: false
        }
    }
}

extension ThreadOutcome: Codable {
    private enum CodingKeys: String, CodingKey {
        case kind, message
    }

    private enum Kind: String, Codable {
        case finished, tokenLimit, contextFull, timedOut, cancelled, failed, malformed
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let message = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
        self =
            switch try container.decode(Kind.self, forKey: .kind) {
            case .finished: .finished
            case .tokenLimit: .tokenLimit
            case .contextFull: .contextFull
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case .failed: .failed(message)
            case .malformed: .malformed(message)
            }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .finished: try container.encode(Kind.finished, forKey: .kind)
        case .tokenLimit: try container.encode(Kind.tokenLimit, forKey: .kind)
        case .contextFull: try container.encode(Kind.contextFull, forKey: .kind)
        case .timedOut: try container.encode(Kind.timedOut, forKey: .kind)
        case .cancelled: try container.encode(Kind.cancelled, forKey: .kind)
        case .failed(let message):
            try container.encode(Kind.failed, forKey: .kind)
            try container.encode(message, forKey: .message)
        case .malformed(let reason):
            try container.encode(Kind.malformed, forKey: .kind)
            try container.encode(reason, forKey: .message)
        }
    }
}
