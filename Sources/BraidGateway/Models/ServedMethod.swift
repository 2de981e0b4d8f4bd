public import Braid

/// One way to reason on a served model, on the engine that it runs on.
public struct ServedMethod: Sendable {
    /// Short name, such as `adaptive`.
    public var name: String
    /// What runs it.
    public var engine: any Engine
    /// The temperature when the request does not say.
    public var temperature: Double
    /// Whether the model sees earlier messages of a conversation; methods framed by a dialect's tags see the last one only.
    public var readsConversation: Bool
    /// Makes it. Throws what is wrong with the settings, such as `RunError`.
    public var make: @Sendable (MethodSettings) throws -> any ReasoningMethod

    /// Creates a way to reason.
    public init(
        name: String, engine: any Engine, temperature: Double = 0, readsConversation: Bool,
        make: @escaping @Sendable (MethodSettings) throws -> any ReasoningMethod
    ) {
        self.name = name
        self.engine = engine
        self.temperature = temperature
        self.readsConversation = readsConversation
        self.make = make
    }
}
