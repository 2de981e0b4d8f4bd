import BraidInference
import BraidRemote
import Synchronization

extension RemoteVocabulary {
    /// The vocabulary of a tokenizer that is here.
    init(_ tokenizer: Tokenizer) {
        var tags: [String: Int32] = [:]
        for tag in tokenizer.controlTags { tags[tag] = tokenizer.id(ofControlToken: tag) }
        self.init(tags: tags, encode: { tokenizer.encode($0) }) {
            let decoder = Mutex(TextDecoder(tokenizer))
            return { id in decoder.withLock { $0.append(id) } }
        }
    }
}
