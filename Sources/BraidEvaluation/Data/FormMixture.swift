import Braid

/// How many of a hundred training trajectories each form has.
public struct FormMixture: Sendable, Hashable {
    /// One form's share.
    public struct Share: Sendable, Hashable {
        /// The form.
        public var form: TrajectoryForm
        /// Of a hundred trajectories.
        public var percent: Int

        /// Creates a share.
        public init(_ form: TrajectoryForm, percent: Int) {
            self.form = form
            self.percent = percent
        }
    }

    private let shares: [Share]

    /// What the built-in model sees: its own dialect most, which people meet first. Trajectories in it are the shortest; by
    /// tokens it is less than half.
    public static let standard = FormMixture(unchecked: [
        Share(.dialect(.braid), percent: 64), Share(.dialect(.threadWeaver), percent: 7),
        Share(.dialect(.multiverse), percent: 7), Share(.dialect(.npr), percent: 6),
        Share(.dialect(.parallelR1), percent: 2), Share(.dialect(.parallelR1Unseen), percent: 2),
        Share(.dialect(.paraThinker), percent: 4), Share(.dialect(.apr), percent: 3),
        Share(.plan(.compact), percent: 5),
    ])

    /// One form alone.
    public init(_ form: TrajectoryForm) {
        self.init(unchecked: [Share(form, percent: 100)])
    }

    /// Creates a mixture.
    /// - Throws: ``TaskMixture/NotAHundred``; a negative share counts as a sum of its own.
    public init(_ shares: [Share]) throws(TaskMixture.NotAHundred) {
        let sum = shares.reduce(0) { $0.addingReportingOverflow($1.percent).partialValue }
        guard sum == 100 else { throw TaskMixture.NotAHundred(sum: sum) }
        if let negative = shares.first(where: { $0.percent < 0 }) {
            throw TaskMixture.NotAHundred(sum: negative.percent)
        }
        self.init(unchecked: shares)
    }

    private init(unchecked shares: [Share]) {
        self.shares = shares
    }

    /// The form at a point from 0 to 99.
    func form(at point: Int) -> TrajectoryForm {
        var left = point
        for share in shares {
            if left < share.percent { return share.form }
            left -= share.percent
        }
        return .dialect(.braid)
    }
}
