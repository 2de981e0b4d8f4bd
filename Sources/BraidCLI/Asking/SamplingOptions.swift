import ArgumentParser
import Braid

/// How tokens are drawn.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Divides the logits; 0 is greedy. (default: 0, and \(MethodChoice.samplingTemperature) for "
                + MethodChoice.sampling.map(\.rawValue).joined(separator: ", ") + ")"))
    var temperature: Double?

    @Option(help: "Keep the smallest set of tokens whose probability reaches this; 1 keeps all.")
    var topP: Double = 1

    @Option(help: "Keep this many of the likeliest tokens; 0 keeps all.")
    var topK: Int = 0

    @Option(help: "Drop tokens less likely than this share of the likeliest one; 0 keeps all.")
    var minP: Double = 0

    func validate() throws {
        if let temperature, !(0...100).contains(temperature) {
            throw ValidationError("--temperature is \(temperature); allowed: 0 to 100")
        }
        guard topP > 0, topP <= 1 else { throw ValidationError("--top-p is \(topP); allowed: more than 0, at most 1") }
        guard topK >= 0 else { throw ValidationError("--top-k is \(topK); allowed: 0 or more") }
        guard (0...1).contains(minP) else { throw ValidationError("--min-p is \(minP); allowed: 0 to 1") }
    }

    /// The parameters for a method.
    func parameters(for method: MethodChoice) -> SamplingParameters {
        SamplingParameters(
            temperature: temperature ?? method.defaultTemperature, topK: topK, topP: topP, minP: minP)
    }
}
