/// Builds a ``TrainingTrajectory`` in the `braid` dialect, piece by piece.
struct TrajectoryWriter {
    /// What a thread does, as demonstrated.
    struct Thread {
        /// The outline's text, without its number.
        var outline: String
        /// What the thread writes before it returns.
        var body: String
        /// What it returns; nil when it found nothing.
        var result: String?
    }

    /// What a thread returns that found nothing.
    static let nothing = " none"

    private(set) var segments: [TrainingTrajectory.Segment] = []
    private var pending: [TrainingTrajectory.Piece] = []
    private var tip = 0

    /// Starts with the question.
    init(question: String) {
        segments.append(
            .init(
                parent: -1, kind: .prompt, model: false, useful: nil,
                pieces: [.control("<Question>"), .text(question), .control("</Question>")]))
    }

    /// The main line writes text.
    mutating func write(_ text: String) {
        pending.append(.text(text))
    }

    /// The main line forks, the threads run, and their returns come back.
    mutating func fork(_ threads: [Thread]) {
        pending += [.control("<Parallel>"), .control("<Outlines>")]
        for (index, thread) in threads.enumerated() {
            pending += [
                .control("<Outline>"), .text("\(index + 1):\(thread.outline)"), .control("</Outline>"),
            ]
        }
        pending.append(.control("</Outlines>"))
        flush()
        let fork = tip
        var joined: [TrainingTrajectory.Piece] = []
        for (index, thread) in threads.enumerated() {
            let returned = thread.result ?? Self.nothing
            segments.append(
                .init(
                    parent: fork, kind: .seed, model: false, useful: nil,
                    pieces: [.control("<Thread>"), .text("\(index + 1):\(thread.outline)\n")]))
            segments.append(
                .init(
                    parent: segments.count - 1, kind: .thread, model: true, useful: thread.result != nil,
                    pieces: [
                        .text(thread.body), .control("<Return>"), .text(returned), .control("</Return>"),
                        .control("</Thread>"),
                    ]))
            joined += [
                .control("<Return>"), .text("\(index + 1):"), .text(returned), .control("</Return>"),
            ]
        }
        joined.append(.control("</Parallel>"))
        segments.append(.init(parent: fork, kind: .join, model: false, useful: nil, pieces: joined))
        tip = segments.count - 1
    }

    /// The main line answers; nothing follows.
    mutating func answer(_ text: String) {
        pending += [.control("<Answer>"), .text(" \(text)"), .control("</Answer>")]
        flush()
    }

    /// The main line answers with what a thread of the last fork returned, by its number.
    mutating func answer(thread: Int) {
        pending += [.control("<Answer>"), .text("\(thread):"), .control("</Answer>")]
        flush()
    }

    private mutating func flush() {
        var merged: [TrainingTrajectory.Piece] = []
        for piece in pending {
            if case .text(let text) = piece, case .text(let before)? = merged.last {
                merged[merged.count - 1] = .text(before + text)
            } else {
                merged.append(piece)
            }
        }
        segments.append(.init(parent: tip, kind: .main, model: true, useful: nil, pieces: merged))
        tip = segments.count - 1
        pending = []
    }
}
