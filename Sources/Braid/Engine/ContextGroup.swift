/// Contexts with a common beginning that see each other's tokens while they are written.
///
/// Members move in steps. A step is one forward pass over the tokens of all members that take part, as far as they were
/// not run before (several where these are more than 64); they see each other's tokens of that very pass. So the token that a member draws in step `t` depends on
/// everything that was drawn or appended before step `t`, by whomever, and on nothing else: not on what else an engine
/// runs, nor on when.
///
/// A group is used by one task at a time. Close it when done; what it was made from can be used again then, and is what it
/// was before.
public protocol ContextGroup: Sendable {
    /// Appends known tokens to a member and returns how many they were; they run in its next step.
    /// - Parameter member: counted from 0.
    /// - Throws: ``EngineError``; nothing is changed then.
    @discardableResult
    func extend(_ member: Int, _ text: TokenText) async throws -> Int

    /// Runs what these members have and was not run yet, in one pass, and draws the next token of each, in the order given.
    /// - Throws: ``EngineError``: ``EngineError/contextTooLong(tokens:limit:)`` when a view or a slot is full; nothing is
    ///   changed then. `CancellationError` before the pass; nothing is changed then either.
    func step(_ members: [Int]) async throws -> [DrawnToken]

    /// Moves what a member has written, as far as it was run, to the end of the common beginning, where all see it from now
    /// on. What was not run, such as the token drawn last, stays the member's own.
    /// - Throws: ``EngineError``.
    func publish(_ member: Int) async throws

    /// Gives the group's memory back; closing twice is harmless.
    func close() async
}
