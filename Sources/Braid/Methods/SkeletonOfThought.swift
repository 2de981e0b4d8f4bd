/// Skeleton-of-Thought (arXiv 2307.15337): first a list of short points, then every point written out at the same time.
///
/// After section 2.1: the skeleton prompt makes the answer begin with `1.`; each point of the skeleton becomes a request
/// with question, skeleton and that point, whose answer begins with the point; the answer is the points in order. With
/// ``usesRouter`` after section 4 (SoT-R, prompting router): the model says first whether the answer is a list of
/// independent points, and if not, the question is asked as it is.
///
/// Deviations:
/// - Prompts are our own words, for any task; see ``Prompts``.
/// - A point's number stands at the beginning of its line; theirs is found anywhere in it.
/// - A skeleton without points is followed by the plain question; theirs gives an empty answer.
/// - At most ``maximumPoints`` points are written out; theirs has no bound.
/// - A router reply without a letter means the plain question.
public struct SkeletonOfThought: PromptedMethod {
    /// `skeleton-of-thought`.
    public let name = "skeleton-of-thought"
    /// Whether the model is asked first if the question suits the method.
    public let usesRouter: Bool
    /// What it says.
    public let prompts: Prompts

    /// Most points that are written out.
    public static let maximumPoints = 32
    private static let skeletonTokens = 256
    private static let pointTokens = 256
    private static let routerTokens = 16

    /// Creates the method.
    /// - Throws: ``RunError/missingPlaceholders(_:prompt:)``.
    public init(usesRouter: Bool = false, prompts: Prompts = Prompts()) throws(RunError) {
        try prompts.skeleton.require(["question"], for: "skeleton")
        try prompts.point.require(["question", "skeleton", "number", "point"], for: "point")
        try prompts.router.require(["question"], for: "router")
        try prompts.direct.require(["question"], for: "direct")
        self.usesRouter = usesRouter
        self.prompts = prompts
    }

    /// Routes, lists the points, writes them out.
    public func answer(_ question: Question, in run: ReasoningRun) async throws -> Answer {
        var before: [Completion] = []
        if usesRouter {
            before = try await run.ask(
                PromptedCall(
                    "router", prompts.router.prompt(["question": question.text]), after: [],
                    maximumTokens: Self.routerTokens))
            guard before.first.flatMap({ Reply($0.text).firstLetter(of: ["A", "B", "C"]) }) == "A" else {
                return try await direct(question, after: before, in: run)
            }
        }
        let prompt = prompts.skeleton.prompt(["question": question.text])
        let skeleton = try await run.ask(
            PromptedCall("skeleton", prompt, after: before, stops: ["\n\n"], maximumTokens: Self.skeletonTokens))
        let points = Reply(prompt.answerBeginning + (skeleton.first?.text ?? "")).points.prefix(Self.maximumPoints)
        guard !points.isEmpty else { return try await direct(question, after: skeleton, in: run) }

        let list = points.map { "\($0.number). \($0.text)" }.joined(separator: "\n")
        let calls = points.map { point in
            PromptedCall(
                "point \(point.number)",
                prompts.point.prompt([
                    "question": question.text, "skeleton": list, "number": "\(point.number)", "point": point.text,
                ]), after: skeleton, maximumTokens: Self.pointTokens)
        }
        let written = WrittenPoints(calls.map(\.prompt.answerBeginning))
        let texts = try await run.ask(calls) { index, samples in
            run.settle(for: written.put(samples.first?.text ?? "", at: index))
        }
        return Answer(
            text: written.text, outcome: (skeleton + texts.flatMap { $0 }).firstFailure ?? .finished)
    }

    private func direct(
        _ question: Question, after: [Completion], in run: ReasoningRun
    ) async throws -> Answer {
        let call = PromptedCall(
            "direct", prompts.direct.prompt(["question": question.text]), after: after, answers: true)
        return try await run.ask(call).wholeAnswer
    }
}
