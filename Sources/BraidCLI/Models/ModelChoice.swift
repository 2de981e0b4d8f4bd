import Braid
import BraidInference
import BraidModels
import Foundation

/// The model behind `--model`.
enum ModelChoice: Equatable {
    /// One that comes with the package.
    case builtIn(BuiltInModel)
    /// A Hugging Face folder.
    case folder(URL)

    /// Reads `--model`; without one, the built-in model that was trained for the method.
    /// - Throws: ``ModelError``.
    init(_ name: String?, for method: MethodChoice) throws(ModelError) {
        guard let name else {
            self = .builtIn(method.forks ? .puzzles : .puzzlesSequential)
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
        guard isFolder.boolValue else { throw .notAFolder(name) }
        self = .folder(URL(fileURLWithPath: name, isDirectory: true))
    }

    /// What errors and tables call it.
    var name: String {
        switch self {
        case .builtIn(let model): model.name
        case .folder(let folder): folder.lastPathComponent
        }
    }

    /// Whether the package brings it.
    var isBuiltIn: Bool { if case .builtIn = self { true } else { false } }

    /// Loads it.
    /// - Parameter quantization: Whether its matrices are kept in fewer bits.
    /// - Throws: ``ModelError/missing(_:)`` and ``ModelError/unusable(model:reason:)``.
    func engine(quantization: WeightQuantization = .none) throws(ModelError) -> any Engine {
        let options = EmbeddedEngineOptions(quantization: quantization)
        do {
            switch self {
            case .builtIn(let model): return try EmbeddedEngine(contentsOf: model.folder(), options: options)
            case .folder(let folder): return try EmbeddedEngine(contentsOf: folder, options: options)
            }
        } catch let error as BuiltInModelError {
            throw .missing(error.description)
        } catch {
            throw .unusable(model: name, reason: "\(error)")
        }
    }
}
