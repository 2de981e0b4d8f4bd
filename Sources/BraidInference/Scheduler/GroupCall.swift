internal import Braid

/// A group that is being made. A class, because its texts get contexts on the way; only the worker's thread has it.
final class GroupCall {
    let options: GroupOptions
    /// The texts of the view's parts, in order.
    let texts: [[TokenID]]
    /// Tokens that are never drawn.
    let forbidden: [TokenID]
    let reply: InferenceRequest.Reply<ContextID>
    /// Contexts of the cache that hold the texts, to be released if nothing comes of the group.
    var textContexts: [ContextID] = []

    init(
        options: GroupOptions, texts: [[TokenID]], forbidden: [TokenID],
        reply: @escaping InferenceRequest.Reply<ContextID>
    ) {
        self.options = options
        self.texts = texts
        self.forbidden = forbidden
        self.reply = reply
    }
}
