import Braid
import BraidInference
import BraidModels
import Foundation

/// The model behind `--model`.
enum ModelChoice: Equatable {
    /// One that comes with the package.
    case builtIn(BuiltInModel)
    /// A Hugging Face folder or a GGUF file.
    case path(URL)

    /// Reads `--model`; without one, the built-in model that was trained for the method.
    /// - Parameter judging: Whether the model is to judge answers.
    /// - Throws: ``ModelError``.
    init(_ name: String?, for method: MethodChoice, judging: Bool = false) throws(ModelError) {
        guard let name else {
            if method.needsWords { throw .readsNoWords(method.rawValue) }
            if judging { throw .readsNoWords("--verifier judge") }
            self = .builtIn(method.builtInModel)
            return
        }
        if let model = BuiltInModel.all.first(where: { $0.name == name }) {
            self = .builtIn(model)
            return
        }
        var isFolder: ObjCBool = false
        guard !name.isEmpty, FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else {
            throw .unknown(name, known: BuiltInModel.all.map(\.name))
        }
        let url = URL(fileURLWithPath: name, isDirectory: isFolder.boolValue)
        guard isFolder.boolValue || url.pathExtension.lowercased() == "gguf" else { throw .notAModel(name) }
        self = .path(url)
    }

    /// What errors and tables call it.
    var name: String {
        switch self {
        case .builtIn(let model): model.name
        case .path(let url): url.lastPathComponent
        }
    }

    /// Whether the package brings it.
    var isBuiltIn: Bool { if case .builtIn = self { true } else { false } }

    /// Where its files are.
    /// - Throws: `BuiltInModelError`.
    func location() throws -> URL {
        switch self {
        case .builtIn(let model): try model.folder()
        case .path(let url): url
        }
    }

    /// What slows it down on this processor. Nothing, for a built-in model: they are small and exact, and need no more than
    /// vector instructions.
    var warning: String? {
        isBuiltIn && KernelLevel.best != .scalar ? nil : InstructionSets.here.warning
    }

    /// Loads it.
    /// - Throws: ``ModelError/missing(_:)``, ``ModelError/unusable(model:reason:)``, and `EngineError` when the limit is
    ///   too low.
    func engine(_ options: EmbeddedEngineOptions = EmbeddedEngineOptions()) throws -> any Engine {
        do {
            return try EmbeddedEngine(contentsOf: location(), options: options)
        } catch let error as BuiltInModelError {
            throw ModelError.missing(error.description)
        } catch let error as EngineError {
            throw error
        } catch {
            throw ModelError.unusable(model: name, reason: "\(error)")
        }
    }
}
