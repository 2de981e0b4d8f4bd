/// The version of everything in this package, by the rules of <https://semver.org>.
public enum ProductVersion {
    /// The version, such as `1.2.3`.
    public static let current = "0.1.0"
}
