import Braid
import Synchronization

/// A group of scripted contexts: each member's next token is the first of what the script says to its view's text.
final class ScriptedGroup: ContextGroup {
    private struct State {
        var common: String
        var own: [String]
        /// What each member drew last: not run yet.
        var last: [String]
        var isOpen = true
    }

    private let engine: ScriptedEngine
    private let options: GroupOptions
    private let state: Mutex<State>

    init(engine: ScriptedEngine, options: GroupOptions, common: String) {
        self.engine = engine
        self.options = options
        let empty = options.seeds.map { _ in "" }
        state = Mutex(State(common: common, own: empty, last: empty))
        engine.state.withLock {
            $0.openContexts += 1
            $0.groups.append(options)
        }
    }

    /// What a member sees.
    private func view(of member: Int, in state: State) -> String {
        let others = state.own.indices.filter { $0 != member }.map { state.own[$0] }.joined()
        var text = state.common
        switch options.view {
        case .slots: text += others
        case .consecutive(let parts):
            for part in parts {
                switch part {
                case .text(let plain): text += plain.rendered
                case .others: text += others
                }
            }
        }
        return text + state.own[member]
    }

    func extend(_ member: Int, _ text: TokenText) async throws -> Int {
        var words: [String] = []
        for case .text(let plain) in text.pieces { words += engine.plainTokens(of: plain).map(\.text) }
        state.withLock { $0.own[member] += words.joined() }
        return words.count
    }

    func step(_ members: [Int]) async throws -> [DrawnToken] {
        let views = state.withLock { state in members.map { view(of: $0, in: state) } }
        engine.state.withLock { $0.views.append(views) }
        var drawn: [DrawnToken] = []
        for view in views {
            let reply = engine.script(view)
            guard let token = engine.tokens(of: reply.text).first else {
                if reply.hangs { try await Task.sleep(for: .seconds(3600)) }
                throw reply.error ?? EngineError.failed("no reply to …\(view.suffix(60))")
            }
            let isStop = token.control.map { options.stops?.contains($0) ?? false } ?? false
            drawn.append(DrawnToken(token: token, stop: isStop ? token.control : nil))
        }
        state.withLock { state in
            for (member, drawn) in zip(members, drawn) {
                state.last[member] = drawn.token.control ?? drawn.token.text
                state.own[member] += state.last[member]
            }
        }
        for drawn in drawn { await engine.onCall(.token(drawn.token.control ?? drawn.token.text)) }
        return drawn
    }

    func publish(_ member: Int) async throws {
        state.withLock { state in
            state.common += state.own[member].dropLast(state.last[member].count)
            state.own[member] = state.last[member]
        }
        engine.state.withLock { $0.published.append(member) }
    }

    func close() async {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen { engine.state.withLock { $0.openContexts -= 1 } }
    }
}
