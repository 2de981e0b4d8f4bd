/// What a function, a filter or a test was given.
struct TemplateInputs {
    var positional: [TemplateValue] = []
    var named: [String: TemplateValue] = [:]

    var first: TemplateValue? { positional.first }

    /// An argument by its place or its name; nothing if it is not given or none.
    func value(_ place: Int, _ name: String) -> TemplateValue? {
        let value = positional.indices.contains(place) ? positional[place] : named[name]
        if case .null? = value { return nil }
        return value
    }
}
