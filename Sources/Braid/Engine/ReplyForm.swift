/// The form that a reply should have: a JSON object of which every field is there.
///
/// A chat service that has tools gets it as the arguments of one that must be called, and writes nothing else. All other
/// engines ignore it, so the prompt has to say it, too, and whoever reads the reply must expect anything.
public struct ReplyForm: Sendable, Hashable {
    /// What stands at a place of the reply.
    public indirect enum Value: Sendable, Hashable {
        /// A whole number.
        case integer
        /// A text.
        case text
        /// Any number of such values.
        case list(Value)
        /// An object with these fields and no others.
        case object([Field])
    }

    /// A field of an object.
    public struct Field: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// What it says, for the model.
        public var meaning: String
        /// What stands there.
        public var value: Value

        /// Creates a field.
        public init(_ name: String, _ value: Value, _ meaning: String) {
            self.name = name
            self.value = value
            self.meaning = meaning
        }
    }

    /// A short name: ASCII letters, digits and underscores.
    public var name: String
    /// What the reply is for, for the model.
    public var purpose: String
    /// The fields.
    public var fields: [Field]

    /// Creates a form.
    public init(name: String, purpose: String, fields: [Field]) {
        self.name = name
        self.purpose = purpose
        self.fields = fields
    }
}
