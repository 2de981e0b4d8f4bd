internal import Braid

extension JSONObject {
    /// Adds a list of whole numbers.
    mutating func add(_ name: String, _ values: some Sequence<TokenID>) {
        var list: [UInt8] = [UInt8(ascii: "[")]
        for value in values {
            if list.count > 1 { list.append(UInt8(ascii: ",")) }
            list += String(value).utf8
        }
        list.append(UInt8(ascii: "]"))
        add(name, json: list)
    }

    /// Adds a list of values that are JSON already; null for nil.
    mutating func add(_ name: String, list values: [[UInt8]?]) {
        var list: [UInt8] = [UInt8(ascii: "[")]
        for value in values {
            if list.count > 1 { list.append(UInt8(ascii: ",")) }
            list += value ?? Array("null".utf8)
        }
        list.append(UInt8(ascii: "]"))
        add(name, json: list)
    }

    /// Adds null.
    mutating func addNull(_ name: String) { add(name, JSONObject?.none) }
}
