import Foundation

/// Where a person watches: standard error, with what may be done to it.
struct Terminal: Sendable {
    /// Columns and rows.
    struct Size: Sendable, Hashable {
        /// Columns.
        var columns: Int
        /// Rows.
        var rows: Int
    }

    /// Whether the cursor may be moved; false for files, pipes and dumb terminals, which get plain lines.
    var movesCursor: Bool
    /// Whether text may be coloured.
    var hasColour: Bool
    /// How large it is now.
    var size: @Sendable () -> Size
    /// Writes to it; a watcher that has gone is no reason to stop.
    var write: @Sendable (String) -> Void

    /// Standard error as the environment has it: a dumb terminal gets plain lines, `NO_COLOR` no colours
    /// (https://no-color.org).
    static func standardError(environment: [String: String] = ProcessInfo.processInfo.environment) -> Terminal {
        let descriptor = StandardStream.error.descriptor
        let term = environment["TERM"] ?? ""
        let movesCursor = isatty(descriptor) == 1 && !term.isEmpty && term != "dumb"
        return Terminal(
            movesCursor: movesCursor, hasColour: movesCursor && (environment["NO_COLOR"] ?? "").isEmpty,
            size: { size(of: descriptor, environment: environment) },
            write: { text in
                do {
                    try StandardStream.error.write(text)
                } catch {
                    // Nobody watches any more; the answer still goes to standard output.
                }
            })
    }

    /// The window's size as the system has it, else as `COLUMNS` and `LINES` say, else 80 by 24.
    static func size(of descriptor: Int32, environment: [String: String]) -> Size {
        var window = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0
        func number(_ system: UInt16, _ variable: String, _ fallback: Int) -> Int {
            if isKnown, system > 0 { return Int(system) }
            guard let number = environment[variable].flatMap({ Int($0) }), (1...10_000).contains(number) else {
                return fallback
            }
            return number
        }
        return Size(columns: number(window.ws_col, "COLUMNS", 80), rows: number(window.ws_row, "LINES", 24))
    }
}
