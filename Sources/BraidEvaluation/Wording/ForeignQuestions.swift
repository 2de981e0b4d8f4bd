/// Questions that the built-in model is not made for, so that it learns to say so.
enum ForeignQuestions {
    private static let things = [
        "France", "a poem", "the moon", "a cat", "my car", "love", "the sea", "a recipe", "Paris", "music",
        "the weather", "a story", "history", "the sun", "water", "a robot", "my dog", "a letter", "Rome", "physics",
        "tea", "coffee",
        "the king", "a bridge", "a tree", "Berlin", "art", "chess", "football", "the internet", "a computer", "time",
        "a song", "dinosaurs", "gold", "a book", "my friend", "the brain", "bread", "a holiday", "Swift", "Python",
        "a web page", "the ocean", "Mars", "a joke", "democracy", "the president", "rain", "snow", "a mountain",
    ]
    private static let words = [
        "the", "and", "of", "is", "it", "when", "who", "how", "blue", "sky", "run", "house", "green", "why", "never",
        "people", "good", "day", "night", "tell", "work", "home", "world", "life", "hand", "eye", "word", "small",
        "big", "long", "think", "know", "take", "see", "come", "want", "look", "use", "find", "give", "many", "well",
        "also", "new", "because", "these", "most", "us", "code", "write", "function", "list", "file", "server",
    ]

    static func random(using random: inout SplitMix64) -> String {
        let thing = random.pick(things)
        let other = random.pick(things)
        switch random.unit() {
        case ..<0.55:
            return random.pick([
                "What is the capital of \(thing)?", "Write \(thing) about \(other).", "Tell me about \(thing).",
                "Who invented \(thing)?", "Why is \(thing) so important?", "How do I cook \(thing)?",
                "Translate \(thing) into German.", "What is the meaning of \(thing)?", "Explain \(thing) to a child.",
                "Do you like \(thing)?", "Summarise the history of \(thing).", "Where can I buy \(thing)?",
                "Write a poem about \(thing) and \(other).", "What is the difference of \(thing) and \(other)?",
                "Give me a list of facts about \(thing).", "How old is \(thing)?", "Hello!", "Hi there", "Who are you?",
                "What can you do?", "How are you today?", "Tell me a joke.", "Write a function that sorts a list.",
                "What is the largest city of \(thing)?", "Is \(thing) better than \(other)?", "When was \(thing) made?",
                "Make me \(thing).", "Find \(thing) for me.", "What is \(thing)?", "Use \(thing) to make \(other).",
                "Solve the mystery of \(thing).", "Help", "test", "What time is it?", "Can you write \(thing)?",
                "How does \(thing) work?", "Describe \(thing) in \(random.int(2...90)) words.",
                "Name \(random.int(2...20)) kinds of \(other).", "Who won in \(random.int(1900...2030))?",
            ])
        case ..<0.85:
            return (0..<random.int(1...9)).map { _ in random.pick(words) }.joined(separator: " ")
                + random.pick(["", ".", "?", "!"])
        default:
            let letters = Array("abcdefghijklmnopqrstuvwxyz ,.?!<>/{}:;'\"éß漢字🙂")
            return String((0..<random.int(1...25)).map { _ in random.pick(letters) })
        }
    }
}
