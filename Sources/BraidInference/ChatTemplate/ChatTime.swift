/// The moment that a chat template may ask for with `strftime_now`. The engine has no clock; the caller says what time it is.
public struct ChatTime: Sendable, Hashable {
    public var year: Int
    /// 1 to 12.
    public var month: Int
    /// 1 to 31.
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = min(max(year, 1), 9999)
        self.month = min(max(month, 1), 12)
        self.day = min(max(day, 1), 31)
        self.hour = min(max(hour, 0), 23)
        self.minute = min(max(minute, 0), 59)
        self.second = min(max(second, 0), 59)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The day of the week, 0 for Sunday.
    ///
    /// Sakamoto's method, in Howard, "Day of the Week", comp.lang.c FAQ 20.31.
    private var weekday: Int {
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1]
        let year = month < 3 ? year - 1 : year
        return (year + year / 4 - year / 100 + year / 400 + shift + day) % 7
    }

    private var dayOfYear: Int {
        let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
        return [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1] + day + (isLeap && month > 2 ? 1 : 0)
    }

    /// The moment in C's `strftime` format, in the C locale; a directive that is not known stays as it is.
    func formatted(_ format: String) -> String {
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var result = ""
        var isDirective = false
        for character in format {
            guard isDirective else {
                if character == "%" { isDirective = true } else { result.append(character) }
                continue
            }
            isDirective = false
            switch character {
            case "Y": result += String(year)
            case "y": result += padded(year % 100)
            case "m": result += padded(month)
            case "B": result += Self.months[month - 1]
            case "b", "h": result += Self.months[month - 1].prefix(3)
            case "d": result += padded(day)
            case "e": result += day < 10 ? " \(day)" : "\(day)"
            case "j": result += padded(dayOfYear, 3)
            case "A": result += Self.weekdays[weekday]
            case "a": result += Self.weekdays[weekday].prefix(3)
            case "H": result += padded(hour)
            case "I": result += padded((hour + 11) % 12 + 1)
            case "p": result += hour < 12 ? "AM" : "PM"
            case "M": result += padded(minute)
            case "S": result += padded(second)
            case "F": result += "\(padded(year, 4))-\(padded(month))-\(padded(day))"
            case "T": result += "\(padded(hour)):\(padded(minute)):\(padded(second))"
            case "%": result += "%"
            default: result += "%\(character)"
            }
        }
        return isDirective ? result + "%" : result
    }
}
