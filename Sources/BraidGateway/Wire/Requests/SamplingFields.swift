internal import Braid

/// The fields of a request that say how tokens are drawn; nil where the server's default holds.
struct SamplingFields: Sendable, Hashable {
    /// `temperature`, 0 to 100.
    var temperature: Double?
    /// `top_k`; 0 and -1 are off.
    var topK: Int?
    /// `top_p`, more than 0, at most 1.
    var topP: Double?
    /// `min_p`, 0 to 1.
    var minP: Double?
    /// `repetition_penalty`, more than 0, at most 100.
    var repetitionPenalty: Double?
    /// `seed`, a signed number of 64 bits.
    var seed: UInt64?

    /// The names of these fields.
    static let names: Set<String> = ["temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed"]

    /// Reads these fields.
    init(_ members: JSONMembers) throws(OpenAIError) {
        temperature = try members.number("temperature", in: 0...100)
        topK = try members.integer("top_k", in: -1...Int(Int32.max)).map { max(0, $0) }
        topP = try members.number("top_p", in: 0...1, excludingLowest: true)
        minP = try members.number("min_p", in: 0...1)
        repetitionPenalty = try members.number("repetition_penalty", in: 0...100, excludingLowest: true)
        seed = try members.integer("seed", in: Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
    }

    /// How tokens are drawn.
    /// - Parameter temperature: where the request says none.
    func parameters(temperature standard: Double) -> SamplingParameters {
        SamplingParameters(
            temperature: temperature ?? standard, topK: topK ?? 0, topP: topP ?? 1, minP: minP ?? 0,
            repetitionPenalty: repetitionPenalty ?? 1)
    }
}

extension RunRequest {
    /// Takes over how tokens are drawn.
    mutating func apply(_ sampling: SamplingFields) {
        temperature = sampling.temperature
        topK = sampling.topK
        topP = sampling.topP
        minP = sampling.minP
        repetitionPenalty = sampling.repetitionPenalty
        seed = sampling.seed
    }
}
