import Foundation

/// The largest difference of two sets of logits, relative to the spread of the expected ones.
func relativeDifference(_ actual: [[Float]], _ expected: [[Double]]) -> Double {
    guard actual.count == expected.count, zip(actual, expected).allSatisfy({ $0.count == $1.count }) else {
        return .infinity
    }
    let values = expected.joined()
    let mean = values.reduce(0, +) / Double(values.count)
    let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    var worst = 0.0
    for (row, other) in zip(actual, expected) {
        for (a, b) in zip(row, other) {
            guard a.isFinite else { return .infinity }
            worst = max(worst, abs(Double(a) - b))
        }
    }
    return worst / spread
}

/// The same for `Float`.
func relativeDifference(_ actual: [[Float]], _ expected: [[Float]]) -> Double {
    relativeDifference(actual, expected.map { $0.map(Double.init) })
}

/// The root of the mean square of the differences of two sets of logits, relative to the spread of the expected ones.
func meanDifference(_ actual: [[Float]], _ expected: [[Float]]) -> Double {
    guard actual.count == expected.count, zip(actual, expected).allSatisfy({ $0.count == $1.count }) else {
        return .infinity
    }
    let pairs = zip(actual.joined(), expected.joined()).map { (Double($0), Double($1)) }
    let mean = pairs.reduce(0) { $0 + $1.1 } / Double(pairs.count)
    let spread = pairs.reduce(0) { $0 + ($1.1 - mean) * ($1.1 - mean) }
    return (pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / spread).squareRoot()
}
