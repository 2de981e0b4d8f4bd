/// What a ``DialectParser`` found in decoded tokens.
public enum StructureEvent: Sendable, Hashable {
    /// Free text of the main line or of a thread.
    case text(String)
    /// A parallel block began.
    case blockOpened
    /// An outline is complete.
    case outline(Outline)
    /// The outline list is complete; the runtime forks here.
    case outlinesClosed
    /// A thread began, with its number where it has one.
    case threadOpened(Int?)
    /// A thread begins to write its return.
    case returnOpened
    /// A return is complete; in the joined view its text begins with the thread's number.
    case returned(String)
    /// What threads of messages handed back begins, which a model must not write itself.
    case joinOpened
    /// A block's conclusion began; its text comes as free text.
    case conclusionOpened
    /// A block's conclusion ended.
    case conclusionClosed
    /// The thinking part began.
    case thinkingOpened
    /// The thinking part ended.
    case thinkingClosed
    /// A thread ended.
    case threadClosed
    /// A parallel block ended.
    case blockClosed
    /// The answer is complete.
    case answer(String)
    /// The main line ended with this tag, without an answer between tags before it.
    case ended(String)
    /// The structure is malformed; what follows was repaired or rejected by the parser's policy.
    case malformed(MalformedStructure)
}
