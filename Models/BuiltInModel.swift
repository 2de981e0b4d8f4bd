public import Foundation

/// A model that comes with the package, in Hugging Face layout.
public struct BuiltInModel: Sendable, Hashable {
    /// What the command line calls it.
    public let name: String
    /// What it is for, in one line.
    public let summary: String

    /// The default: forks, joins and answers number puzzles in the `braid` dialect.
    public static let puzzles = BuiltInModel(
        name: "braid-puzzles", summary: "number puzzles; forks its reasoning into threads where that pays")

    /// Its sequential twin: same data, size and training budget, never forks; for comparison.
    public static let puzzlesSequential = BuiltInModel(
        name: "braid-puzzles-sequential", summary: "the same puzzles in one line of thought, for comparison")

    /// The default, trained further on the dialects of the published methods and on the prompts of `adaptive-plan`.
    public static let puzzlesDialects = BuiltInModel(
        name: "braid-puzzles-dialects", summary: "the same puzzles in every dialect; for methods that need their own")

    /// Every model that comes with the package.
    public static let all = [puzzles, puzzlesSequential, puzzlesDialects]

    /// The folder with the model's files.
    ///
    /// Looked for in `BRAID_MODELS`, then in the resource bundle beside the running program or the loaded library, also
    /// when the program was started through a symbolic link.
    /// - Throws: ``BuiltInModelError`` when it is in none of these places.
    public func folder() throws -> URL {
        let candidates = Self.places().map { $0.appendingPathComponent(name, isDirectory: true) }
        for folder in candidates
        where FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path) {
            return folder
        }
        throw BuiltInModelError(model: name, searched: candidates.map(\.path))
    }

    private static func places() -> [URL] {
        var places: [URL] = []
        if let folder = ProcessInfo.processInfo.environment["BRAID_MODELS"], !folder.isEmpty {
            places.append(URL(fileURLWithPath: folder, isDirectory: true))
        }
        var besides = [Bundle.main.bundleURL, Bundle.main.resourceURL].compactMap { $0 }
        if let program = Bundle.main.executableURL {
            besides.append(program.resolvingSymlinksInPath().deletingLastPathComponent())
        }
        besides += Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
        for folder in besides {
            for bundle in ["Braid_BraidModels.resources", "Braid_BraidModels.bundle"] {
                places.append(folder.appendingPathComponent(bundle, isDirectory: true))
            }
        }
        var seen: Set<String> = []
        return places.filter { seen.insert($0.standardizedFileURL.path).inserted }
    }
}
