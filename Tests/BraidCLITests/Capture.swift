import Foundation
import Synchronization

@testable import BraidCLI

/// Keeps what a session prints.
final class Capture: Sendable {
    private let outputText = Mutex("")
    private let errorText = Mutex("")

    /// What went to standard output.
    var output: String { outputText.withLock { $0 } }
    /// What went to standard error.
    var error: String { errorText.withLock { $0 } }

    /// A session's output that ends up here.
    func session(
        isJSON: Bool = false, isQuiet: Bool = false, movesCursor: Bool = false, save: OutputFile? = nil,
        trace: OutputFile? = nil
    ) -> AskSession.Output {
        AskSession.Output(
            isJSON: isJSON, isQuiet: isQuiet, trace: trace, save: save,
            write: { data in self.outputText.withLock { $0 += String(decoding: data, as: UTF8.self) } },
            terminal: Terminal(
                movesCursor: movesCursor, hasColour: false, size: { Terminal.Size(columns: 80, rows: 24) },
                write: { text in self.errorText.withLock { $0 += text } }))
    }
}
