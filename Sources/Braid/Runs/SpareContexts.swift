/// Contexts that were forked along with a fork's threads, for those of them that have to be run again.
struct SpareContexts: Sendable {
    /// The contexts that are left, each under the name that the run keeps it by.
    private(set) var named: [(key: String, context: any EngineContext)]

    init(_ contexts: [any EngineContext], of parent: String) {
        named = contexts.enumerated().map { ("\(parent)/spare \($0.offset + 1)", $0.element) }
    }

    /// Takes one out; nil when none is left.
    mutating func take() -> (key: String, context: any EngineContext)? { named.popLast() }
}
