/// The element type of cached keys and values.
public enum CacheType: String, Sendable, CaseIterable {
    /// ``float32`` where weights are multiplied exactly (f32, and bf16 of small models), ``float16`` elsewhere.
    case automatic
    /// Keys and values as they were computed.
    case float32
    /// Half the memory, and half the time where memory is what attention waits for. Numbers beyond 65504 are stored as
    /// that.
    case float16
    /// A quarter of the memory and 8 bytes: whole numbers -127...127 times a scale per position and head.
    case int8
}
