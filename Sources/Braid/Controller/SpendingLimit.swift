/// How much money a run may cost, and what tokens cost; all in the same currency.
public struct SpendingLimit: Sendable, Hashable, Codable {
    /// The most that a run may cost.
    public let limit: Double
    /// Price of a million prefilled tokens.
    public let promptPrice: Double
    /// Price of a million decoded tokens.
    public let completionPrice: Double

    /// Creates a limit.
    /// - Throws: ``BudgetError/invalidSpending(limit:promptPrice:completionPrice:)``.
    public init(limit: Double, promptPrice: Double, completionPrice: Double) throws(BudgetError) {
        guard limit > 0, limit.isFinite, promptPrice >= 0, promptPrice.isFinite, completionPrice >= 0,
            completionPrice.isFinite
        else {
            throw .invalidSpending(limit: limit, promptPrice: promptPrice, completionPrice: completionPrice)
        }
        self.limit = limit
        self.promptPrice = promptPrice
        self.completionPrice = completionPrice
    }

    /// What so many tokens cost.
    public func cost(prefilled: Int, decoded: Int) -> Double {
        (Double(prefilled) * promptPrice + Double(decoded) * completionPrice) / 1e6
    }

    /// How many more tokens may be decoded before `limit` is passed.
    func decodableTokens(limit: Double, prefilled: Int, decoded: Int) -> Int {
        let left = limit - cost(prefilled: prefilled, decoded: decoded)
        guard left > 0 else { return 0 }
        guard completionPrice > 0 else { return Int.max }
        let tokens = left / completionPrice * 1e6
        return tokens < 1e15 ? Int(tokens) : Int.max
    }
}
