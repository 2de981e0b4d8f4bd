/// Which runs to list.
public struct RunQuery: Sendable, Hashable {
    /// Allowed lengths of a page.
    public static let limits = 1...500

    /// Only this owner's; nil for everybody's.
    public var owner: String?
    /// Only runs whose question or answer has each of these words, wherever they stand in it and in whatever case.
    ///
    /// What stands beyond the first 16,384 characters of a question or an answer is not searched, and words of one or two
    /// characters heed the case of letters outside ASCII.
    public var text: String
    /// Only by this method.
    public var method: String?
    /// Only on this model.
    public var model: String?
    /// Only those that have come this far.
    public var status: RunStatus?
    /// Most runs of the page, one of ``limits``.
    public var limit: Int
    /// Where the page before ended; nil for the first page.
    public var before: RunCursor?

    /// Creates a query; the default lists the newest runs of everybody.
    public init(
        owner: String? = nil, text: String = "", method: String? = nil, model: String? = nil,
        status: RunStatus? = nil, limit: Int = 50, before: RunCursor? = nil
    ) {
        self.owner = owner
        self.text = text
        self.method = method
        self.model = model
        self.status = status
        self.limit = limit
        self.before = before
    }
}
