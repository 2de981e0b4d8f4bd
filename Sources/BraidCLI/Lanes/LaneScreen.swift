import Braid

/// Lays lanes out on a terminal of some size, one line each.
///
///     ● 0       57  12 + 30 + 5         I split this. [2 threads joined] 42 + 5
///     ✓ 0.1      9  12 + 30             → 42
///     ○ 0.2      0  add 5               waits for 1
///
/// When there are more lanes than rows, the main line and those that think are shown first, and the last line counts the
/// others.
struct LaneScreen {
    private enum Style: String {
        case plain = ""
        case faint = "\u{1B}[2m"
        case green = "\u{1B}[32m"
        case yellow = "\u{1B}[33m"
        case red = "\u{1B}[31m"

        func of(_ text: String, _ isOn: Bool) -> String {
            isOn && self != .plain ? rawValue + text + "\u{1B}[0m" : text
        }
    }

    private let columns: Int
    private let rows: Int
    private let hasColour: Bool

    /// Prepares a layout.
    /// - Parameter size: of the window; the last column stays free, because writing there wraps on some terminals.
    init(_ size: Terminal.Size, hasColour: Bool) {
        columns = max(1, size.columns - 1)
        rows = max(3, size.rows - 2)
        self.hasColour = hasColour
    }

    /// The lines, none wider than the window.
    func lines(_ board: LaneBoard) -> [String] {
        let lanes = board.lanes
        guard lanes.count > rows else { return draw(lanes) }
        var chosen = Set(lanes.prefix(1).map(\.id))
        for rank in 0...3 where chosen.count < rows - 1 {
            for lane in lanes where chosen.count < rows - 1 && Self.rank(lane) == rank { chosen.insert(lane.id) }
        }
        let folded = lanes.filter { !chosen.contains($0.id) }
        return draw(lanes.filter { chosen.contains($0.id) }) + [fold(folded)]
    }

    /// What is worth watching comes first.
    private static func rank(_ lane: Lane) -> Int {
        switch lane.state {
        case .thinking: 0
        case .forked: 1
        case .ended(let outcome, _): outcome == .finished ? 2 : 1
        case .waiting: 3
        }
    }

    private func draw(_ lanes: [Lane]) -> [String] {
        let idWidth = min(12, lanes.map(\.id.columns).max() ?? 1)
        let countWidth = max(4, lanes.map { String($0.tokenCount).count }.max() ?? 0)
        let rest = columns - (2 + idWidth + 1 + countWidth + 2)
        let titleWidth = min(lanes.map(\.title.columns).max() ?? 0, rest * 2 / 5)
        return lanes.map { lane in
            let (mark, style) = Self.mark(lane)
            var line = " " + lane.id.tail(columns: idWidth).padded(to: idWidth) + " "
            line += String(lane.tokenCount).paddedLeft(to: countWidth)
            if rest >= 10 {
                line += "  " + lane.title.head(columns: titleWidth).padded(to: titleWidth)
                let room = rest - titleWidth - 2
                let note = lane.note.isEmpty ? "" : "[\(lane.note)] ".head(columns: room / 2)
                line += "  " + note + says(lane, columns: room - note.columns)
            }
            let isOver = style == .green || style == .faint
            let cut = Self.withoutSpacesAtEnd(line).head(columns: columns - 1)
            return style.of(mark, hasColour) + (isOver ? Style.faint.of(cut, hasColour) : cut)
        }
    }

    private static func mark(_ lane: Lane) -> (String, Style) {
        switch lane.state {
        case .waiting: ("○", .faint)
        case .thinking, .forked: ("●", .yellow)
        case .ended(.finished, _): ("✓", .green)
        case .ended: ("✗", .red)
        }
    }

    private func says(_ lane: Lane, columns width: Int) -> String {
        switch lane.state {
        case .waiting(let after) where after.isEmpty: return "waiting".head(columns: width)
        case .waiting(let after):
            return "waits for \(after.map(String.init).joined(separator: ", "))".head(columns: width)
        case .thinking: return lane.text.tail(columns: width)
        case .forked(let count):
            return (count == 1 ? "waits for 1 thread" : "waits for \(count) threads").head(columns: width)
        case .ended(.finished, let returned?):
            return "→ \(AnswerExtractor.trimmed(returned))".head(columns: width)
        case .ended(.finished, nil): return lane.text.tail(columns: width)
        case .ended(let outcome, _): return SafeText.line(outcome.description).head(columns: width)
        }
    }

    private func fold(_ lanes: [Lane]) -> String {
        var counts = [0, 0, 0, 0]
        for lane in lanes {
            switch lane.state {
            case .thinking, .forked: counts[0] += 1
            case .waiting: counts[1] += 1
            case .ended(.finished, _): counts[2] += 1
            case .ended: counts[3] += 1
            }
        }
        let parts = zip(counts, ["thinking", "waiting", "finished", "cut"]).filter { $0.0 > 0 }.map { "\($0) \($1)" }
        let line = "… \(lanes.count) more: \(parts.joined(separator: ", "))"
        return Style.faint.of(line.head(columns: columns), hasColour)
    }

    private static func withoutSpacesAtEnd(_ line: String) -> String {
        var rest = line[...]
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }
}
