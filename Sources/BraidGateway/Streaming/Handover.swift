#if Gateway
    import HummingbirdCore

    /// Takes a writer into a task of its own. It is used by one task at a time: whoever handed it over only waits for that
    /// task.
    struct Handover: @unchecked Sendable {
        /// The writer.
        var writer: any ResponseBodyWriter
    }
#endif
