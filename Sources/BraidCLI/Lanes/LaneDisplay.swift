import Braid
import Synchronization

/// Shows a run on a terminal while it goes on: lanes redrawn in place, or plain lines where the cursor cannot move.
final class LaneDisplay: Sendable {
    private struct State {
        var board = LaneBoard()
        /// Widths of the lines on the screen.
        var drawn: [Int] = []
        var lastFrame: [String] = []
    }

    /// Time between two frames: 25 a second look smooth and cost nothing.
    private static let frame = Duration.milliseconds(40)

    private let terminal: Terminal
    private let state = Mutex(State())

    /// Prepares a display.
    init(_ terminal: Terminal) {
        self.terminal = terminal
    }

    /// Follows a run to its end.
    func follow(_ run: ReasoningRun) async {
        guard terminal.movesCursor else {
            var log = LaneLog()
            for await event in run.events {
                if let line = log.line(for: event) { terminal.write(line + "\n") }
            }
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    while true {
                        try await Task.sleep(for: Self.frame)
                        self.draw()
                    }
                } catch {
                    // Cancelled: the last event has been read.
                }
            }
            for await event in run.events { state.withLock { $0.board.take(event) } }
            group.cancelAll()
        }
        state.withLock { $0.board.settle(with: run.trajectory) }
        draw()
    }

    private func draw() {
        let size = terminal.size()
        let frame = state.withLock { state -> String? in
            let lines = LaneScreen(size, hasColour: terminal.hasColour).lines(state.board)
            guard lines != state.lastFrame else { return nil }
            let frame = Self.frame(lines, over: state.drawn, columns: size.columns)
            state.lastFrame = lines
            state.drawn = LaneScreen(size, hasColour: false).lines(state.board).map(\.columns)
            return frame
        }
        if let frame { terminal.write(frame) }
    }

    /// Escape codes that put these lines where the last ones are.
    /// - Parameter drawn: widths of the lines on the screen; a window made narrower has wrapped them.
    static func frame(_ lines: [String], over drawn: [Int], columns: Int) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / max(1, columns)) }
        var frame = rows > 0 ? "\u{1B}[\(rows)A\r" : ""
        for line in lines { frame += line + "\u{1B}[K\n" }
        return frame + "\u{1B}[J"
    }
}
