/// A token that is found in the text as it stands, before any splitting and merging.
struct AddedToken: Sendable, Hashable {
    /// Its id.
    let id: Int32
    /// The text that it stands for.
    let content: String
    /// Whether it steers the model, so that user text must never become it.
    ///
    /// Every added token does, special or not (`<think>` is often declared as not special), except one of white space
    /// only that is not special: several vocabularies declare those for runs of spaces, as ordinary text.
    let isControl: Bool
    /// Whether it also swallows the white space before it.
    let stripsLeft: Bool
    /// Whether it also swallows the white space after it.
    let stripsRight: Bool
    /// Whether it is looked for after normalisation rather than before.
    let isNormalized: Bool

    /// The text that is looked for and decoded to.
    func spelling(_ normalizer: Normalizer) -> String {
        guard isNormalized else { return content }
        return String(decoding: normalizer.normalize(MarkedText(Array(content.utf8))).bytes, as: UTF8.self)
    }
}
