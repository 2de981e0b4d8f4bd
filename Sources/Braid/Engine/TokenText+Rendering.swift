extension TokenText {
    /// The control tags in it.
    public var controlTags: Set<String> {
        Set(pieces.compactMap { if case .control(let tag) = $0 { tag } else { nil } })
    }

    /// Its text for people, tags included; token ids have no text here and are left out.
    public var rendered: String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .text(let plain): text += plain
            case .control(let tag): text += tag
            case .tokens: break
            }
        }
    }
}
