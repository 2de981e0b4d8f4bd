import Testing

@testable import BraidEvaluation

@Suite("Checking answers")
struct QuestionCheckTests {
    @Test(
        "a right answer to a generated question is found right, a wrong one never",
        arguments: [PuzzleTask.countdown3, .countdown4, .multiplication, .equations, .sums])
    func generated(task: PuzzleTask) {
        var understood = 0
        for index in 0..<500 as Range<UInt64> {
            let problem = Problem.random(task: task, split: .training, seed: 31, index: index)
            let right = rightAnswer(problem)
            #expect(problem.isCorrect(right))
            #expect(!problem.isCorrect(right + "1"))
            let verdict = QuestionCheck.verify(right, for: problem.question)
            #expect(verdict != false, "\(problem.question) -> \(right)")
            if verdict == true { understood += 1 }
            if right != Countdown.noSolution {
                #expect(QuestionCheck.verify("\(right) + 1", for: problem.question) != true)
            }
        }
        #expect(understood >= 400)
    }

    @Test("answers are checked against the question's own numbers")
    func countdown() {
        let question = "Use 3, 7, 25 and 50 to make 218"
        #expect(QuestionCheck.verify("(25 + 50) * 3 - 7", for: question) == true)
        #expect(QuestionCheck.verify("25 + 50 * 3 - 7", for: question) == false)
        #expect(QuestionCheck.verify("218", for: question) == false)
        #expect(QuestionCheck.verify("218 + 0 * (3 + 7 + 25 + 50)", for: question) == false)
        #expect(QuestionCheck.verify("no solution", for: question) == nil)
        #expect(QuestionCheck.verify("no solution", for: "Make 999 from 1, 1 and 2") == true)
    }

    @Test("an expression that is written out is computed")
    func writtenOut() {
        #expect(QuestionCheck.verify("47", for: "What is 12 + 30 + 5?") == true)
        #expect(QuestionCheck.verify("48", for: "What is 12 + 30 + 5?") == false)
        #expect(QuestionCheck.verify("40", for: "2 * (13 + 7) = ?") == true)
    }

    @Test("equations are solved by the check itself")
    func equations() {
        let question = "Solve for x and y, then give x * y + 2: 3x + 7 = 22 and 7y + 4 = 3y + 32"
        #expect(QuestionCheck.verify("37", for: question) == true)
        #expect(QuestionCheck.verify("36", for: question) == false)
        #expect(QuestionCheck.verify("7", for: "If 4(n + 3) - 5 = 35 what is n?") == nil)
        #expect(QuestionCheck.verify("7", for: "If x * x = 49, what is x + 0?") == nil)
    }

    @Test(
        "what is not understood is not judged",
        arguments: ["", "Who are you?", "99999999999999999999999 + 1", "Tell me 3 facts", "1 2 3 4 5 6 7 8 9 10 11"])
    func unknown(question: String) {
        #expect(QuestionCheck.verify("42", for: question) == nil)
    }

    @Test("no text makes the check trap")
    func hostile() {
        var random = SplitMix64(seed: 6)
        let letters = Array("0123456789xy+-*/=() ,.<>×é🙂\n")
        for _ in 0..<5000 {
            let text = String((0..<random.int(0...30)).map { _ in random.pick(letters) })
            let answer = String((0..<random.int(0...12)).map { _ in random.pick(letters) })
            _ = QuestionCheck.verify(answer, for: text)
        }
    }

    private func rightAnswer(_ problem: Problem) -> String {
        let trajectory = TrajectoryRenderer.render(problem, mode: .sequential)
        guard let pieces = trajectory.segments.last?.pieces,
            let start = pieces.lastIndex(of: .control("<Answer>")), case .text(let text) = pieces[start + 1]
        else { return "" }
        return String(text.drop { $0 == " " })
    }
}
