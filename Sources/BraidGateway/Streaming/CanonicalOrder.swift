import Braid

/// Puts what the lines of a run write, all at the same time, into the order of the run's record: the main line up to a
/// fork, the fork's first thread whole, its second one, and so on, then the main line again.
///
/// What stands next in that order comes out as soon as it is known; the rest waits for its turn.
struct CanonicalOrder: Sendable {
    /// What comes out.
    enum Piece: Sendable, Hashable {
        /// A line begins. The main line has no outline.
        case began(thread: String, outline: Outline?)
        /// A line's next tokens; a control token is alone.
        case text(String, thread: String, control: String?)
        /// What a line's next tokens make certain of the run's answer, which they are part of.
        case answer(String, thread: String)
        /// A line has ended.
        case ended(thread: String)
    }

    private enum Item {
        case text(String, control: String?, answer: String?)
        case fork([String])
    }

    private struct Line {
        var outline: Outline?
        var items: [Item] = []
        /// How many of the items came out.
        var done = 0
        var hasBegun = false
        var hasEnded = false
    }

    private var lines: [String: Line]
    /// The main line, and then one thread of each fork that is being gone through, innermost last.
    private var path: [String]
    /// Threads of those forks that are still to come, each list reversed.
    private var waiting: [[String]]

    /// Begins with an empty main line.
    init() {
        let root = TrajectoryRecorder.root
        lines = [root: Line()]
        path = [root]
        waiting = []
    }

    /// The line whose tokens come out at once.
    var current: String? { path.last }

    /// Takes an event and gives what can come out now.
    mutating func take(_ event: RunEvent) -> [Piece] {
        switch event {
        case .tokens(let thread, let text, _, let control, let answer):
            // A line that was never forked is none of the record's.
            guard lines[thread] != nil else { return [] }
            if path.last == thread, let line = lines[thread], line.hasBegun, line.done == line.items.count {
                return [Self.piece(text, thread, control, answer)]
            }
            lines[thread]?.items.append(.text(text, control: control, answer: answer))
        case .forked(let thread, let outlines, let into):
            guard lines[thread] != nil else { return [] }
            lines[thread]?.items.append(.fork(into))
            for (index, child) in into.enumerated() where lines[child] == nil {
                lines[child] = Line(outline: index < outlines.count ? outlines[index] : nil)
            }
        case .threadFinished(let thread, _, _):
            // The main line may write on after a call says so; the run's own end ends it.
            guard thread != TrajectoryRecorder.root else { return [] }
            lines[thread]?.hasEnded = true
        case .answered, .end:
            for id in lines.keys { lines[id]?.hasEnded = true }
        default: return []
        }
        return advance()
    }

    private static func piece(_ text: String, _ thread: String, _ control: String?, _ answer: String?) -> Piece {
        answer.map { .answer($0, thread: thread) } ?? .text(text, thread: thread, control: control)
    }

    private mutating func advance() -> [Piece] {
        var pieces: [Piece] = []
        while let id = path.last, let line = lines[id] {
            if !line.hasBegun {
                lines[id]?.hasBegun = true
                pieces.append(.began(thread: id, outline: line.outline))
            } else if line.done < line.items.count {
                lines[id]?.done += 1
                switch line.items[line.done] {
                case .text(let text, let control, let answer): pieces.append(Self.piece(text, id, control, answer))
                case .fork(let threads):
                    guard let first = threads.first else { continue }
                    path.append(first)
                    waiting.append(threads.dropFirst().reversed())
                }
            } else if line.hasEnded {
                pieces.append(.ended(thread: id))
                path.removeLast()
                guard !path.isEmpty, !waiting.isEmpty else { break }
                if let next = waiting[waiting.count - 1].popLast() {
                    path.append(next)
                } else {
                    waiting.removeLast()
                }
            } else {
                break
            }
        }
        return pieces
    }
}
