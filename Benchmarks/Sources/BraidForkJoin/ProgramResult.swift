internal import Foundation

/// One line of output: what a program measured.
struct ProgramResult: Encodable, Sendable {
    /// The program's name.
    let program: String
    let engine = "braid"
    /// The measured part, in seconds of wall-clock time.
    var seconds: Double?
    /// Parts of a whole run, in seconds.
    var prefillSeconds: Double?
    var forkSeconds: Double?
    var threadsSeconds: Double?
    var joinSeconds: Double?
    var answerSeconds: Double?
    /// From the end of the last thread until its text is in the joined context.
    var waitSeconds: Double?
    /// Log-probability of each token but the first, given those before it.
    var logProbabilities: [Float]?
    /// The likeliest token after each token.
    var likeliest: [Int32]?
    /// Most pages of keys and values that were in use when it was looked at: after the threads, and at the end.
    var usedPages: Int?
    /// Bytes of a page.
    var pageBytes: Int?
    /// Most memory that the process ever held, mapped files that it has read included.
    var peakRSSBytes: Int

    init(program: String) {
        self.program = program
        peakRSSBytes = 0
    }

    enum CodingKeys: String, CodingKey {
        case program, engine, seconds, likeliest
        case prefillSeconds = "prefill_seconds"
        case forkSeconds = "fork_seconds"
        case threadsSeconds = "threads_seconds"
        case joinSeconds = "join_seconds"
        case answerSeconds = "answer_seconds"
        case waitSeconds = "wait_seconds"
        case logProbabilities = "log_probabilities"
        case usedPages = "used_pages"
        case pageBytes = "page_bytes"
        case peakRSSBytes = "peak_rss_bytes"
    }

    /// The result as one line of JSON, with its line break.
    func jsonLine() throws -> Data {
        var result = self
        result.peakRSSBytes = Self.peakRSSBytesOfProcess
        var line = try JSONEncoder().encode(result)
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static var peakRSSBytesOfProcess: Int {
        var usage = rusage()
        #if os(Linux)
            getrusage(RUSAGE_SELF.rawValue, &usage)
            // Linux counts kibibytes here, macOS bytes.
            return usage.ru_maxrss * 1024
        #else
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }
}
