/// Whether the tests can ask the built-in models.
enum BuiltInModels {
    /// Set this once `Models/` has the models and the program loads them.
    static let areInPackage = false
}
