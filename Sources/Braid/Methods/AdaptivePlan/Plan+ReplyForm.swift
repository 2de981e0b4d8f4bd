extension Plan {
    /// The form that a planner's reply should have; ``PlanReader`` reads it.
    static let replyForm = ReplyForm(
        name: "plan",
        purpose: "Says how the question is split into subtasks.",
        fields: [
            ReplyForm.Field(
                "subtasks",
                .list(
                    .object([
                        ReplyForm.Field("id", .integer, "The subtask's number, from 1."),
                        ReplyForm.Field("task", .text, "What is to be done, understandable by itself."),
                        ReplyForm.Field("after", .list(.integer), "Ids of the subtasks whose results it needs."),
                        ReplyForm.Field("difficulty", .integer, "1 (easy) to 5 (hard)."),
                    ])), "The subtasks; one only if the question should not be split."),
            ReplyForm.Field("width", .integer, "How many subtasks should be worked on at once."),
        ])
}
