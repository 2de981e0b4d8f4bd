import ArgumentParser

/// An amount of memory, as a user writes it: `512M`, `2G`, `1500000`.
struct ByteCount: ExpressibleByArgument, Equatable {
    /// Bytes.
    let bytes: Int

    init?(argument: String) {
        var digits = argument[...]
        var factor = 1
        if let suffix = digits.last, let power = ["K", "M", "G", "T"].firstIndex(of: suffix.uppercased()) {
            factor = 1 << (10 * (power + 1))
            digits = digits.dropLast()
        }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(digits) else {
            return nil
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}
