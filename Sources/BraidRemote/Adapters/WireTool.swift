internal import Braid

/// A form of a reply as OpenAI's chat completions take it: the one tool there is, with a strict schema.
struct WireTool: Encodable {
    private enum CodingKeys: String, CodingKey {
        case type, function
    }

    private enum FunctionKeys: String, CodingKey {
        case name, description, parameters, strict
    }

    /// JSON Schema, in the part that strict tools allow: every field is required, and no other may be there.
    private struct Schema: Encodable {
        private enum CodingKeys: String, CodingKey {
            case type, description, items, properties, required
            case allowsOthers = "additionalProperties"
        }

        var value: ReplyForm.Value
        var meaning: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(meaning, forKey: .description)
            switch value {
            case .integer: try container.encode("integer", forKey: .type)
            case .text: try container.encode("string", forKey: .type)
            case .list(let element):
                try container.encode("array", forKey: .type)
                try container.encode(Schema(value: element), forKey: .items)
            case .object(let fields):
                try container.encode("object", forKey: .type)
                let properties = fields.map { ($0.name, Schema(value: $0.value, meaning: $0.meaning)) }
                try container.encode(Dictionary(properties) { $1 }, forKey: .properties)
                try container.encode(fields.map(\.name), forKey: .required)
                try container.encode(false, forKey: .allowsOthers)
            }
        }
    }

    private let form: ReplyForm

    init(_ form: ReplyForm) {
        self.form = form
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("function", forKey: .type)
        var function = container.nestedContainer(keyedBy: FunctionKeys.self, forKey: .function)
        try function.encode(form.name, forKey: .name)
        try function.encode(form.purpose, forKey: .description)
        try function.encode(Schema(value: .object(form.fields)), forKey: .parameters)
        try function.encode(true, forKey: .strict)
    }
}
