/// Names for requests.
enum RequestID {
    /// A random name of 32 characters: all names are of one length, so none is the beginning of another.
    static func make() -> String {
        let digits = Array("0123456789abcdef")
        return String((0..<32).map { _ in digits[Int.random(in: 0..<16)] })
    }
}
