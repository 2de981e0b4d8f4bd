#if Gateway
    import Braid
    import Foundation
    import Synchronization

    /// Gives lines their tokens from one thread, as an engine does whose steps serve all lines that are due.
    ///
    /// A line's first token comes one interval after the line began, at the next step; a step is a millisecond.
    final class StepClock: Sendable {
        /// A line that decodes.
        private struct Line {
            var kind: PacedLine
            var left: Int
            var events: AsyncThrowingStream<DecodingEvent, any Error>.Continuation
        }

        private struct State {
            /// The lines by the step, modulo the interval, in which they get their next token.
            var lines: [[Line]]
            var step = 0
        }

        private let state: Mutex<State>

        /// Starts the thread, which lives as long as the process.
        /// - Parameter interval: milliseconds between two tokens of one line.
        init(interval: Int) {
            state = Mutex(State(lines: Array(repeating: [], count: interval)))
            let thread = Thread { [self] in run() }
            thread.name = "steps"
            thread.start()
        }

        /// Decodes so many tokens for a line.
        func decode(_ kind: PacedLine, tokens: Int) -> DecodedTokens {
            let (stream, events) = AsyncThrowingStream<DecodingEvent, any Error>.makeStream()
            if kind == .main { events.yield(.token(DecodedToken(id: 300, text: "", control: "<Answer>"))) }
            state.withLock { state in
                state.lines[state.step % state.lines.count].append(Line(kind: kind, left: tokens, events: events))
            }
            return DecodedTokens(stream)
        }

        private func run() {
            var next = timespec()
            clock_gettime(CLOCK_MONOTONIC, &next)
            while true {
                next.tv_nsec += 1_000_000
                if next.tv_nsec >= 1_000_000_000 {
                    next.tv_sec += 1
                    next.tv_nsec -= 1_000_000_000
                }
                while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nil) == EINTR {}
                let (slot, lines) = state.withLock { state in
                    state.step += 1
                    let slot = state.step % state.lines.count
                    defer { state.lines[slot] = [] }
                    return (slot, state.lines[slot])
                }
                let going = lines.compactMap(Self.step)
                state.withLock { $0.lines[slot] += going }
            }
        }

        /// Gives a line a token; nil when it is over, or nobody reads it any more.
        private static func step(_ line: Line) -> Line? {
            let text = line.kind == .otherThread ? " word" : "@\(MonotonicTime.now());"
            let result = line.events.yield(.token(DecodedToken(id: TokenID(line.left & 255), text: text)))
            if case .terminated = result { return nil }
            var line = line
            line.left -= 1
            if line.left > 0 { return line }
            for tag in line.kind.closing {
                line.events.yield(.token(DecodedToken(id: 301, text: "", control: tag)))
            }
            line.events.yield(.stop(.control(line.kind.closing.last ?? "")))
            line.events.finish()
            return nil
        }
    }
#endif
