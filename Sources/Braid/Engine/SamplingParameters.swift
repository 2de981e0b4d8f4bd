/// How the next token is drawn from the model's distribution.
public struct SamplingParameters: Sendable, Hashable, Codable {
    /// Divides the logits; 0 means greedy. Range 0...100.
    public var temperature: Double
    /// Keeps the k likeliest tokens; 0 keeps all.
    public var topK: Int
    /// Keeps the smallest set of tokens whose probability reaches this. Range (0, 1].
    public var topP: Double
    /// Drops tokens less likely than this share of the likeliest one. Range 0...1.
    public var minP: Double
    /// Divides positive and multiplies negative logits of tokens already in the context; 1 is off.
    public var repetitionPenalty: Double

    /// Creates sampling parameters; the defaults are greedy decoding.
    public init(
        temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0, repetitionPenalty: Double = 1
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
    }

    /// Always the likeliest token.
    public static let greedy = SamplingParameters()
}
