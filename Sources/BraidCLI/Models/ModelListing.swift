import BraidInference
import BraidModels
import Foundation

/// One built-in model as `braid models` lists it.
struct ModelListing: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, summary, parameters, bytes, folder
    }

    /// What `--model` takes.
    var name: String
    /// What it is for.
    var summary: String
    /// Numbers in its weights; nil when they cannot be read.
    var parameters: Int?
    /// Size of its files; nil when they are missing or damaged.
    var bytes: Int?
    /// Where they are; nil when they are missing.
    var folder: String?

    /// Looks a model up.
    init(_ model: BuiltInModel) {
        name = model.name
        summary = model.summary
        // A missing folder is not an error here: the list says so.
        guard let url = try? model.folder() else { return }
        folder = url.path
        // Nor are damaged ones: loading the model says what is wrong.
        guard let inspection = try? ModelInspection(contentsOf: url) else { return }
        parameters = inspection.parameterCount
        bytes = inspection.fileByteCount
    }

    /// Writes every key, null where nothing is known.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(summary, forKey: .summary)
        try container.encode(parameters, forKey: .parameters)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(folder, forKey: .folder)
    }

    /// A list with aligned columns.
    static func table(_ models: [ModelListing]) -> String {
        let rows =
            [["NAME", "PARAMETERS", "SIZE", "FOR", "WHERE"]]
            + models.map { model in
                [
                    model.name, model.parameters.map(million) ?? "-", model.bytes.map(megabytes) ?? "-", model.summary,
                    model.folder ?? "missing: keep the resource folder beside the program, or set BRAID_MODELS",
                ]
            }
        let widths = rows[0].indices.map { column in rows.map { $0[column].columns }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                switch column {
                case 1, 2: cell.paddedLeft(to: widths[column])
                case row.count - 1: cell
                default: cell.padded(to: widths[column])
                }
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func million(_ count: Int) -> String {
        String(format: "%.1f M", Double(count) / 1e6)
    }

    private static func megabytes(_ count: Int) -> String {
        String(format: "%.1f MB", Double(count) / 1e6)
    }
}
