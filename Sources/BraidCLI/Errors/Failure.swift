import ArgumentParser
import Braid
import BraidDialects
import BraidEvaluation
import BraidInference
import BraidRemote
import Foundation

#if Gateway
    import BraidGateway
    import BraidStore
#endif

/// What the user reads when a command throws, and how the process then ends: the one place that knows.
struct Failure: Equatable {
    /// What standard output gets: help and version, which travel as errors.
    var output = ""
    /// What standard error gets.
    var message = ""
    /// The exit code.
    var code: Int32

    /// Reads an error.
    init(_ error: any Error) {
        let parserCode = BraidCommand.exitCode(for: error)
        if let exit = error as? ExitCode {
            code = exit.rawValue
        } else if parserCode == .success {
            output = BraidCommand.fullMessage(for: error) + "\n"
            code = ExitStatus.answered.rawValue
        } else if case StreamError.closed = error {
            // Whoever read our output has seen enough, as `head` has.
            code = ExitStatus.answered.rawValue
        } else if parserCode == .validationFailure {
            let full = BraidCommand.fullMessage(for: error)
            let text = full.hasPrefix("Error: ") ? String(full.dropFirst("Error: ".count)) : full
            message = Self.prefixed(text)
            code = ExitStatus.badInput.rawValue
        } else {
            let (status, text) = Self.explain(error)
            message = Self.prefixed(text)
            code = status.rawValue
        }
    }

    private static func explain(_ error: any Error) -> (ExitStatus, String) {
        #if Gateway
            switch error {
            case GatewayError.cannotListen: return (.internalFailure, "\(error)")
            case is GatewayError, is APIKeys.Fault: return (.badInput, "\(error)")
            default: break
            }
            if let error = error as? StoreError { return (status(of: error), error.description) }
        #endif
        return switch error {
        case let error as InputError: (.badInput, error.description)
        case let error as DialectFileError: (.badInput, error.description)
        case let error as DialectConversion.Refusal: (.badInput, error.description)
        case let error as ModelError: (.noModel, error.description)
        case let error as ModelConversionError: (.badInput, error.description)
        case let error as RemoteEngineError: (status(of: error), error.description)
        case let error as BenchmarkRecordsError: (.badInput, error.description)
        case let error as BudgetError: (.badInput, error.description)
        case RunError.alreadyStarted: (.internalFailure, RunError.alreadyStarted.description)
        case let error as RunError: (.badInput, error.description)
        case let error as EngineError: (status(of: error), error.description)
        case let error as StreamError: (.internalFailure, error.description)
        case is CancellationError: (.interrupted, "interrupted; run it again")
        default: (.internalFailure, "\(error); this should not happen, please report it")
        }
    }

    private static func status(of error: EngineError) -> ExitStatus {
        switch error {
        case .contextTooLong, .unknownControlTag, .invalidOption, .unsupported: .badInput
        case .outOfMemory, .contextNotUsable, .failed: .internalFailure
        }
    }

    private static func status(of error: RemoteEngineError) -> ExitStatus {
        switch error {
        case .invalidURL, .unknownModel, .modelNeeded, .differentEngines: .badInput
        case .unreachable, .notAnEngine, .unauthorized: .noModel
        }
    }

    #if Gateway
        private static func status(of error: StoreError) -> ExitStatus {
            switch error {
            case .cannotOpen, .notAStore, .newerVersion, .olderVersion, .readOnly, .unknownRun, .runExists,
                .invalidLimit:
                .badInput
            case .diskFull, .busy, .damaged, .failed, .closed, .tooLarge, .unreadable: .internalFailure
            }
        }
    #endif

    private static func prefixed(_ text: String) -> String {
        "braid: error: \(SafeText.block(text))\n"
    }
}
