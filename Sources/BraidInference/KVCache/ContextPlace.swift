/// Where a context's own tokens stand in a view that holds more than them.
struct ContextPlace: Hashable, Sendable {
    /// Position at which the view sees the first of them; their keys are turned as if that were 0.
    let position: Int
    /// Tokens in view before them.
    let index: Int

    /// That of a context whose view is its own.
    static let beginning = ContextPlace(position: 0, index: 0)
}
