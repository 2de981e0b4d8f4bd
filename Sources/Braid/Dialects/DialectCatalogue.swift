/// The dialects that come with Braid.
public enum DialectCatalogue {
    /// All of them; their names are unique.
    public static let all: [Dialect] = [
        .braid, .threadWeaver, .multiverse, .npr, .parallelR1, .parallelR1Unseen, .paraThinker, .apr,
    ]

    /// The dialect of this name, or nil.
    public static func dialect(named name: String) -> Dialect? {
        all.first { $0.name == name }
    }
}
