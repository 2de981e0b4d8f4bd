/// Who came first: questions in the order they were asked, and within a question contexts in the order they were made.
/// When memory is short, the older ones go on.
struct ContextAge: Comparable, Sendable {
    let question: ContextID
    let context: ContextID

    static func < (left: ContextAge, right: ContextAge) -> Bool {
        (left.question.value, left.context.value) < (right.question.value, right.context.value)
    }
}
