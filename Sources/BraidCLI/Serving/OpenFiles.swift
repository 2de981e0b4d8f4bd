#if Gateway
    #if canImport(Glibc)
        import Glibc
    #else
        import Darwin
    #endif

    /// How many files and connections the process may have open.
    enum OpenFiles {
        /// What a server with all its connections, and those to engines, has use for.
        private static let enough: rlim_t = 65536
        #if canImport(Glibc)
            private static let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            private static let files = RLIMIT_NOFILE
        #endif

        /// Raises the limit as far as the system lets anybody; shells and service managers start programs with a low one, for
        /// the sake of programs that are older than `poll`.
        static func raiseLimit() {
            var limit = rlimit()
            guard getrlimit(files, &limit) == 0, limit.rlim_cur < min(limit.rlim_max, enough) else { return }
            limit.rlim_cur = min(limit.rlim_max, enough)
            // Where it cannot be raised, connections wait at the lower one.
            _ = setrlimit(files, &limit)
        }
    }
#endif
