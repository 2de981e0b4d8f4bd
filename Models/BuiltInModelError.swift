/// A built-in model's files are not where the package puts them.
public struct BuiltInModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The model.
    public let model: String
    /// Every place that was looked at.
    public let searched: [String]

    public var description: String {
        "the built-in model \(model) was not found (looked in \(searched.joined(separator: ", "))); "
            + "keep the resource folder beside the program, or set BRAID_MODELS to the folder that holds \(model)"
    }
}
