public import Braid

/// In what form a trajectory is told.
public enum TrajectoryForm: Sendable, Hashable {
    /// In a dialect, by its control tokens.
    case dialect(Dialect)
    /// As replies to the prompts of `adaptive-plan`.
    case plan(PlanPrompts)

    /// Every form the built-in model learns.
    public static let all: [TrajectoryForm] = DialectCatalogue.all.map { .dialect($0) } + [.plan(.compact)]

    /// The form of this name, or nil.
    public static func named(_ name: String) -> TrajectoryForm? {
        all.first { $0.name == name }
    }

    /// The dialect's name, or `adaptive-plan`.
    public var name: String {
        switch self {
        case .dialect(let dialect): dialect.name
        case .plan: "adaptive-plan"
        }
    }

    /// The families that can be told: searches with messages are told of three-number puzzles alone.
    public var tasks: [PuzzleTask] {
        if case .dialect(let dialect) = self, dialect.messages != nil { [.countdown3] } else { PuzzleTask.allCases }
    }
}
