/// Why a decode call ended.
public enum StopReason: Sendable, Hashable {
    /// A control tag of ``DecodingOptions/stops`` was decoded.
    case control(String)
    /// ``DecodingOptions/maximumTokens`` were decoded.
    case tokenLimit
    /// The context is as long as the model allows.
    case contextFull
}
