/// The id of a token in an engine's vocabulary.
public typealias TokenID = Int32
