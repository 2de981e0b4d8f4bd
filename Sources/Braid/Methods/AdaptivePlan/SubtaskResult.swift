/// A subtask's result, as the synthesis sees it.
struct SubtaskResult: Sendable, Hashable {
    /// Its subtask's id.
    var id: Int
    /// What the thread replied, cut to its result.
    var text: String
    /// What is wrong with it, if a check says so.
    var objection: String?
    /// The completion it came from; nil for one from the cache.
    var completion: Completion?
    /// Whether it can be used at all.
    var isUsable: Bool

    /// The text with its objection, so that nothing false is used silently.
    func shown(_ prompts: PlanPrompts) -> String {
        guard isUsable else { return Self.nothing }
        return objection.map { prompts.refuted.text(["result": text, "objection": $0]) } ?? text
    }

    /// What stands for a result that there is not.
    static let nothing = "none"
}
