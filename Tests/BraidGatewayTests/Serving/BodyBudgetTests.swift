import Testing

@testable import BraidGateway

@Suite struct BodyBudgetTests {
    @Test func noMoreThanItsBytesAreTaken() {
        let budget = BodyBudget(bytes: 10)
        #expect(budget.take(6))
        #expect(!budget.take(5))
        #expect(budget.take(4))
        #expect(!budget.take(1))
        budget.giveBack(6)
        #expect(budget.take(6))
        #expect(!budget.take(.max))
    }
}
