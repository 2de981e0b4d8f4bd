internal import Braid

/// Text as a remote engine takes it.
struct EncodedText: Sendable, Hashable {
    /// Its ids; empty where the engine takes none.
    var tokens: [TokenID] = []
    /// Its text.
    var text = ""
    /// What of it belongs into a chat.
    var messages: [Prompt.Message] = []
    /// Its length in tokens; an estimate where there are no ids.
    var count = 0

    /// Adds to the message that is being said.
    mutating func say(_ text: String) {
        if !messages.isEmpty { messages[messages.count - 1].text += text }
    }
}
