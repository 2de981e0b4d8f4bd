/// What ``AdaptivePlan`` asks a model, as data: training data is rendered from exactly these texts.
///
/// Places: `{question}`, `{width}`, `{examples}`, `{instructions}` (a line of global instructions and its newline, or
/// nothing), `{id}`, `{task}`, `{results}` (one ``result`` for each result shown), `{result}`, `{objection}` and
/// `{objections}` (one ``objection`` for each, or nothing), `{plan}`.
public struct PlanPrompts: Sendable, Hashable, Codable, ReplaceablePrompts {
    /// How a plan is to be written.
    public enum PlanForm: String, Sendable, Codable {
        /// One JSON object: `{"subtasks":[{"id":1,"task":"...","after":[]}]}`.
        case json
        /// One line for each subtask, as in an outline: `1: ...` or `3 after 1,2: ...`.
        case lines
    }

    /// Short name.
    public var name: String
    /// How a plan is to be written; either form is understood.
    public var form: PlanForm
    /// Asks whether the question falls apart; the reply begins with yes or no. Nil where the plan itself says so.
    public var decomposable: PromptTemplate?
    /// Asks for a plan.
    public var plan: PromptTemplate
    /// Asks for a plan again, after one that could not be used; `{objection}` says why.
    public var replan: PromptTemplate
    /// One worked example inside `{examples}`: `{question}` and its `{plan}`.
    public var example: PromptTemplate
    /// Asks for one subtask's result.
    public var subtask: PromptTemplate
    /// One result inside `{results}`.
    public var result: PromptTemplate
    /// What stands for a `{result}` that a check found false, so that it is not used silently; `{objection}` says why.
    public var refuted: PromptTemplate
    /// One objection inside `{objections}`.
    public var objection: PromptTemplate
    /// Asks for a result in fewer words; nil where results are only trimmed.
    public var distil: PromptTemplate?
    /// Asks for the answer.
    public var synthesis: PromptTemplate
    /// Asks whether an answer follows from the results; the reply is `ok`, or numbers of subtasks and what is wrong.
    /// Nil where only exact checks look.
    public var validation: PromptTemplate?
    /// Asks for the answer without a plan.
    public var sequential: PromptTemplate

    /// Creates a set of prompts from all its parts.
    public init(
        name: String, form: PlanForm, decomposable: PromptTemplate?, plan: PromptTemplate, replan: PromptTemplate,
        example: PromptTemplate, subtask: PromptTemplate, result: PromptTemplate, refuted: PromptTemplate,
        objection: PromptTemplate, distil: PromptTemplate?, synthesis: PromptTemplate, validation: PromptTemplate?,
        sequential: PromptTemplate
    ) {
        self.name = name
        self.form = form
        self.decomposable = decomposable
        self.plan = plan
        self.replan = replan
        self.example = example
        self.subtask = subtask
        self.result = result
        self.refuted = refuted
        self.objection = objection
        self.distil = distil
        self.synthesis = synthesis
        self.validation = validation
        self.sequential = sequential
    }

    /// Every prompt by its name.
    public static var places: [String: @Sendable (inout Self, PromptTemplate) -> Void] {
        [
            "decomposable": { $0.decomposable = $1 },
            "plan": { $0.plan = $1 },
            "replan": { $0.replan = $1 },
            "example": { $0.example = $1 },
            "subtask": { $0.subtask = $1 },
            "result": { $0.result = $1 },
            "refuted": { $0.refuted = $1 },
            "objection": { $0.objection = $1 },
            "distil": { $0.distil = $1 },
            "synthesis": { $0.synthesis = $1 },
            "validation": { $0.validation = $1 },
            "sequential": { $0.sequential = $1 },
        ]
    }

    /// Refuses prompts that lack what the method has to say.
    func check() throws(RunError) {
        try decomposable?.require(["question"], for: "decomposable")
        try plan.require(["question"], for: "plan")
        try replan.require(["question"], for: "replan")
        try example.require(["question", "plan"], for: "example")
        try subtask.require(["task", "results"], for: "subtask")
        try result.require(["result"], for: "result")
        try objection.require(["objection"], for: "objection")
        try distil?.require(["result"], for: "distil")
        try synthesis.require(["results"], for: "synthesis")
        try validation?.require(["results", "result"], for: "validation")
        try sequential.require(["question"], for: "sequential")
    }

    /// For models that follow instructions.
    public static let standard = PlanPrompts(
        name: "standard",
        form: .json,
        decomposable: """
            Can the following question be split into at least two parts that can be worked on independently? \
            Reply with yes or no only.

            Question: {question}
            """,
        plan: """
            Split the question into subtasks. Subtasks that do not need each other's results are worked on at the same \
            time, at most {width} at once; name in "after" the ids of those whose results a subtask needs. Each task \
            must be understandable by itself. If the question should not be split, give one subtask only. Reply with \
            JSON only:
            {"subtasks":[{"id":1,"task":"...","after":[],"difficulty":1}],"width":2}
            difficulty is 1 (easy) to 5 (hard); width is how many subtasks should be worked on at once.
            {examples}
            Question: {question}
            """,
        replan: """
            Split the question into subtasks. Reply with JSON only:
            {"subtasks":[{"id":1,"task":"...","after":[]}]}
            Your last plan could not be used: {objection}.

            Question: {question}
            """,
        example: """

            Question: {question}
            {plan}

            """,
        subtask: """
            {instructions}You work on one part of a larger question; others work on the other parts.
            Question: {question}
            {results}{objections}Your part ({id}): {task}
            Solve only your part. If it cannot be solved without the result of another part, reply NEED and its number. \
            If you find work that no part covers, end with a line NEW: and what it is. End with a line Result: and the \
            result in one sentence.
            """,
        result: "Result of part {id}: {result}\n",
        refuted: "{result} (this was checked and is false: {objection})",
        objection: "An earlier attempt at your part was wrong: {objection}\n",
        distil: "Say in one sentence what follows, keeping every number:\n{result}",
        synthesis: """
            {instructions}Question: {question}
            {results}{objections}Combine the results into the final answer. End with a line Answer: and the answer alone.
            """,
        validation: """
            Question: {question}
            {results}Proposed answer: {result}
            Does the answer follow from the results, and do the results agree with each other? Reply ok, or the number of \
            each wrong part, a colon and what is wrong with it, one per line.
            """,
        sequential: "{instructions}Question: {question}\nEnd with a line Answer: and the answer alone.")

    /// For small models that were trained on exactly these texts: a plan has a line for each subtask.
    public static let compact = PlanPrompts(
        name: "compact",
        form: .lines,
        decomposable: nil,
        plan: "Plan: {examples}{question}",
        replan: "Plan: {question}",
        example: "{question}\n{plan}\n",
        subtask: "Part {id}: {task}\n{results}{objections}{instructions}{question}",
        result: "Result {id}: {result}\n",
        refuted: "none",
        objection: "Wrong: {objection}\n",
        distil: nil,
        synthesis: "Join:\n{results}{objections}{instructions}{question}",
        validation: nil,
        sequential: "{instructions}{question}")
}
