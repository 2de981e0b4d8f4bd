import ArgumentParser
import Braid
import BraidRemote
import Testing

@testable import BraidCLI

@Suite("Errors and exit codes")
struct FailureTests {
    private struct Unexpected: Error {}

    private static let cases: [(any Error, Int32)] = [
        (InputError.emptyQuestion, 2),
        (InputError.questionTooLong(limit: 1), 2),
        (InputError.notUTF8(source: "x", offset: 0), 2),
        (InputError.unreadable(source: "x", reason: "y"), 2),
        (InputError.unwritable(path: "x", reason: "y"), 2),
        (InputError.documentTooLong(source: "x", limit: 1), 2),
        (InputError.notATrajectory(source: "x", reason: "y"), 2),
        (InputError.noSuchLine(source: "x", line: 2, lines: 1), 2),
        (InputError.builtWithout(trait: "x"), 2),
        (RemoteEngineError.invalidURL("x", why: "y"), 2),
        (RemoteEngineError.unknownModel("x", url: "u", served: []), 2),
        (RemoteEngineError.modelNeeded(url: "u", served: []), 2),
        (RemoteEngineError.differentEngines(first: "u", other: "v", what: "w"), 2),
        (RemoteEngineError.unreachable(url: "u", why: "w"), 3),
        (RemoteEngineError.notAnEngine(url: "u", why: "w"), 3),
        (RemoteEngineError.unauthorized(url: "u"), 3),
        (ModelError.unknown("x", known: []), 3),
        (ModelError.notAModel("x"), 3),
        (ModelError.missing("x"), 3),
        (ModelError.unusable(model: "x", reason: "y"), 3),
        (BudgetError.outOfRange(name: "x", value: 0, allowed: 1...2), 2),
        (RunError.alreadyStarted, 1),
        (RunError.invalidOption(name: "x", value: 0, allowed: 1...2), 2),
        (RunError.missingControlTags(["<T>"], dialect: "d", method: "m", model: "x"), 2),
        (EngineError.contextTooLong(tokens: 2, limit: 1), 2),
        (EngineError.unsupported("x"), 2),
        (EngineError.outOfMemory(neededPages: 2, freePages: 1), 1),
        (EngineError.failed("x"), 1),
        (StreamError.failed("x"), 1),
        (CancellationError(), 130),
        (ValidationError("x"), 2),
        (Unexpected(), 1),
    ]

    @Test("every error has its code and a message", arguments: cases.indices)
    func codes(index: Int) {
        let (error, code) = Self.cases[index]
        let failure = Failure(error)
        #expect(failure.code == code, "\(error)")
        #expect(failure.message.hasPrefix("braid: error: "), "\(failure.message)")
        #expect(failure.message.hasSuffix("\n"))
        #expect(failure.output.isEmpty)
    }

    @Test("a code without an error is passed on, a reader that has gone is no failure")
    func silent() {
        #expect(Failure(ExitCode(4)) == Failure(ExitCode(4)))
        #expect(Failure(ExitCode(4)).code == 4)
        #expect(Failure(ExitCode(4)).message.isEmpty)
        #expect(Failure(StreamError.closed).code == 0)
        #expect(Failure(StreamError.closed).message.isEmpty)
    }

    @Test("help goes to standard output")
    func help() {
        let failure = Failure(CleanExit.helpRequest(AskCommand.self))
        #expect(failure.code == 0)
        #expect(failure.message.isEmpty)
        for status in BraidCLI.ExitStatus.allCases {
            #expect(failure.output.contains("\(status.rawValue)  \(status.meaning)"))
        }
    }

    @Test("messages cannot steer the terminal")
    func harmless() {
        #expect(!Failure(ModelError.unknown("\u{1B}[31m", known: [])).message.contains("\u{1B}"))
    }
}
