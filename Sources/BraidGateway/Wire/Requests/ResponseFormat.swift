/// What an answer has to look like.
enum ResponseFormat: String, Sendable, CaseIterable {
    case text
    case jsonObject = "json_object"
    case jsonSchema = "json_schema"

    /// Refuses what no method here can promise; a model's own server may.
    func check(_ param: String, foreign: inout String?) {
        if self != .text { foreign = foreign ?? param }
    }
}
