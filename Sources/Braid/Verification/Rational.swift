/// An exact fraction in lowest terms; arithmetic that would overflow gives nil.
public struct Rational: Sendable, Hashable, CustomStringConvertible {
    /// The numerator, which carries the sign.
    public let numerator: Int
    /// The denominator, more than 0.
    public let denominator: Int

    /// A whole number.
    public init(_ value: Int) {
        numerator = value
        denominator = 1
    }

    /// A fraction; nil when the denominator is 0 or the lowest terms do not fit.
    public init?(_ numerator: Int, over denominator: Int) {
        guard denominator != 0 else { return nil }
        let divisor = Self.commonDivisor(numerator.magnitude, denominator.magnitude)
        let isNegative = (numerator < 0) != (denominator < 0)
        let top = numerator.magnitude / divisor
        guard let bottom = Int(exactly: denominator.magnitude / divisor) else { return nil }
        if isNegative {
            guard top <= Int.min.magnitude else { return nil }
            self.numerator = top == Int.min.magnitude ? Int.min : -Int(top)
        } else {
            guard let positive = Int(exactly: top) else { return nil }
            self.numerator = positive
        }
        self.denominator = bottom
    }

    /// The fraction as `-7/3`, or `4` when it is whole.
    public var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }

    /// The whole number that it is, or nil.
    public var wholeNumber: Int? { denominator == 1 ? numerator : nil }

    /// The sum, or nil.
    public func adding(_ other: Rational) -> Rational? {
        combined(other) { $0.addingReportingOverflow($1) }
    }

    /// The difference, or nil.
    public func subtracting(_ other: Rational) -> Rational? {
        combined(other) { $0.subtractingReportingOverflow($1) }
    }

    /// The product, or nil.
    public func multiplied(by other: Rational) -> Rational? {
        // Cancelled crosswise first, so that only a product in lowest terms has to fit.
        guard let left = Rational(numerator, over: other.denominator),
            let right = Rational(other.numerator, over: denominator)
        else { return nil }
        let top = left.numerator.multipliedReportingOverflow(by: right.numerator)
        let bottom = left.denominator.multipliedReportingOverflow(by: right.denominator)
        return top.overflow || bottom.overflow ? nil : Rational(top.partialValue, over: bottom.partialValue)
    }

    /// The quotient, or nil, also when the divisor is 0.
    public func divided(by other: Rational) -> Rational? {
        guard let inverse = Rational(other.denominator, over: other.numerator) else { return nil }
        return multiplied(by: inverse)
    }

    private func combined(
        _ other: Rational, _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) -> Rational? {
        let divisor = Int(Self.commonDivisor(denominator.magnitude, other.denominator.magnitude))
        let left = numerator.multipliedReportingOverflow(by: other.denominator / divisor)
        let right = other.numerator.multipliedReportingOverflow(by: denominator / divisor)
        let bottom = denominator.multipliedReportingOverflow(by: other.denominator / divisor)
        guard !left.overflow, !right.overflow, !bottom.overflow else { return nil }
        let top = operation(left.partialValue, right.partialValue)
        return top.overflow ? nil : Rational(top.partialValue, over: bottom.partialValue)
    }

    /// Euclid's algorithm; at least 1 unless both are 0.
    private static func commonDivisor(_ first: UInt, _ second: UInt) -> UInt {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
