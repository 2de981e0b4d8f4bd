/// The trace that requests to engines belong to, for the task that sends them and its child tasks.
public enum RequestTrace {
    /// The value of the header `traceparent` (W3C Trace Context); nil for none.
    @TaskLocal public static var parent: String?
}
