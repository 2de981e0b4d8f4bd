/// What a request's `model` names: a served model and a way to reason on it.
struct ModelName: Sendable {
    /// The way to reason that is none: the request goes to the model's own server as it is.
    static let passThrough = "passthrough"
    /// What stands between a model and a way to reason.
    private static let separator: Character = ":"

    /// The model.
    let model: ServedModel
    /// The way to reason; nil for none, so that the request is passed on.
    let method: ServedMethod?

    /// Finds what is named. A model whose own name has a colon is found before the colon is taken for a separator.
    /// - Parameter method: a way to reason that the request asks for beside the name; it must not contradict the name.
    /// - Throws: an error of status 404 for a name that is not served, of 400 for a way to reason that is not.
    init(_ name: String, method: String?, among models: [ServedModel]) throws(OpenAIError) {
        let found: (model: ServedModel, suffix: String?)
        if let model = models.first(where: { $0.id == name }) {
            found = (model, nil)
        } else if let colon = name.lastIndex(of: Self.separator),
            let model = models.first(where: { $0.id == name[..<colon] })
        {
            found = (model, String(name[name.index(after: colon)...]))
        } else {
            throw .modelNotFound(name)
        }
        if let method, let suffix = found.suffix, method != suffix {
            throw .invalid(
                "the model's name asks for the method '\(suffix)' and braid.method for '\(method)'; give one of the two",
                param: "braid.method")
        }
        model = found.model
        guard let chosen = method ?? found.suffix else {
            self.method = found.model.methods.first
            return
        }
        if chosen == Self.passThrough, found.model.upstream != nil {
            self.method = nil
        } else if let served = found.model.method(named: chosen) {
            self.method = served
        } else if found.suffix == chosen {
            throw .modelNotFound(name)
        } else {
            let allowed = found.model.methods.map(\.name).joined(separator: ", ")
            throw .unsupported(
                "braid.method is '\(chosen)'; allowed for \(found.model.id): \(allowed)", param: "braid.method")
        }
    }

    /// The name of a way to reason on a model.
    static func join(_ model: String, _ method: String) -> String { "\(model)\(separator)\(method)" }
}
