internal import Braid

/// Groups: contexts that see each other while they are written. A group is named by the context of its common beginning.
///
/// Their pages are no plain function of anybody's tokens, so they are never asked to give them up, and never enter the
/// prefix tree.
extension InferenceLoop {
    private var closed: EngineError { .contextNotUsable("its group was closed") }

    /// Checks what a group is asked to be, and gives its texts contexts of their own.
    func prepare(_ call: GroupCall, of context: ContextID) throws {
        let count = call.options.seeds.count
        guard (1...64).contains(count) else {
            throw EngineError.invalidOption(name: "members of a group", value: "\(count)", allowed: "1 to 64")
        }
        guard let state = contexts[context], !state.tokens.isEmpty else {
            throw EngineError.contextNotUsable("it is empty; extend it first")
        }
        for text in call.texts { try check(text) }
        _ = try Sampler(call.options.sampling, seed: 0, kernels: kernels)
        for tag in call.options.stops ?? [] { _ = try vocabulary.id(of: tag) }
        switch call.options.view {
        case .consecutive(let parts):
            guard parts.count(where: { $0 == .others }) <= 1 else {
                throw EngineError.invalidOption(name: "view of the others", value: "several", allowed: "one or none")
            }
        case .slots(let length):
            guard (1...contextLength).contains(length) else {
                throw EngineError.invalidOption(
                    name: "length of a slot", value: "\(length)", allowed: "1 to \(contextLength)")
            }
            try checkLength(context, adding: count * length)
        }
        call.textContexts = call.texts.map { _ in cache.open() }
    }

    /// Room for the texts of a group and for what is missing of the context that it is made from, which comes last.
    func textFeeds(for call: GroupCall, mayTakePages: Bool, into feeds: inout [InferenceJob.Feed]) throws {
        for (context, tokens) in zip(call.textContexts, call.texts) {
            let resident = cache.residentCount(of: context)
            try room(
                for: tokens[resident...], in: context, wanted: .none, mayTakePages: mayTakePages, into: &feeds)
        }
    }

    /// Room for what members run in the next pass; all or none.
    func stepFeeds(
        for members: [Int], of group: ContextID, mayTakePages: Bool, into feeds: inout [InferenceJob.Feed]
    ) throws {
        guard let state = groups[group] else { throw closed }
        do {
            let counts = state.nextPass(of: members)
            let isLast = zip(members, counts).allSatisfy { state.members[$0].pending.count == $1 }
            for (member, count) in zip(members, counts) {
                try room(
                    for: state.members[member].pending.prefix(count), in: state.blocks.own[member],
                    wanted: isLast ? .last : .none, mayTakePages: mayTakePages, into: &feeds)
            }
        } catch {
            for feed in feeds { cache.truncate(feed.context, to: feed.reservation.firstIndex) }
            throw error
        }
    }

    private func room(
        for tokens: ArraySlice<TokenID>, in context: ContextID, wanted: ForwardBatch.LogitsWanted, mayTakePages: Bool,
        into feeds: inout [InferenceJob.Feed]
    ) throws {
        guard !tokens.isEmpty else { return }
        if !mayTakePages {
            let needed = try cache.pagesNeeded(toAppend: tokens.count, to: context)
            guard needed == 0 else { throw KVCacheError.outOfPages(needed: needed, free: 0) }
        }
        let reservation = try cache.append(tokens.count, to: context)
        feeds.append(.init(context: context, tokens: tokens, reservation: reservation, wanted: wanted))
    }

    /// Starts the members of a group whose texts have been read.
    func makeGroup(_ call: GroupCall, of context: ContextID) throws -> ContextID {
        guard let owner = contexts[context] else { throw EngineError.contextNotUsable("it was closed") }
        let options = call.options
        let layout: KVGroup.Layout
        switch options.view {
        case .slots(let length): layout = .slots(length: length)
        case .consecutive(let parts):
            var texts = call.textContexts[...]
            layout = .consecutive(
                parts.compactMap { part in
                    switch part {
                    case .others: .others
                    case .text: texts.popFirst().map(KVGroup.Part.text)
                    }
                })
        }
        var stops: [TokenID: String] = [:]
        var forbidden = Set(call.forbidden)
        if let tags = options.stops {
            for tag in tags { stops[try vocabulary.id(of: tag)] = tag }
            for token in endTokenIDs { stops[token] = vocabulary.tags[token] ?? tokenizer.decode([token]) }
        } else {
            forbidden.formUnion(endTokenIDs)
        }
        let members = try options.seeds.map { seed in
            let sampler = try Sampler(options.sampling, seed: seed, kernels: kernels)
            return GroupState.Member(
                sampler: sampler, seen: sampler.needsHistory ? Set(owner.tokens) : [], text: TextDecoder(tokenizer))
        }
        let common: ContextID
        do {
            common = try cache.share(context)
        } catch {
            throw error.engineError
        }
        call.textContexts = []
        groups[common] = GroupState(
            owner: context, age: ContextAge(question: owner.question, context: common), thought: owner.thought,
            blocks: KVGroup(layout, common: common, count: members.count, in: &cache), members: members,
            mask: .upTo(end: vocabulary.end, forbidden: forbidden.sorted()), stops: stops)
        contexts[context]?.openThreads.insert(common)
        return common
    }

    /// Appends known tokens to a member.
    func extend(_ group: ContextID, _ member: Int, _ tokens: [TokenID]) throws -> Int {
        try checkUsable(group, [member])
        try check(tokens)
        guard var state = groups.removeValue(forKey: group) else { throw closed }
        defer { groups[group] = state }
        if state.members[member].sampler.needsHistory { state.members[member].seen.formUnion(tokens) }
        state.members[member].pending += tokens
        state.members[member].count += tokens.count
        state.members[member].text = TextDecoder(tokenizer)
        statistics.promptTokens += tokens.count
        return tokens.count
    }

    /// Takes note of what has been run.
    /// - Returns: Whether members have nothing left to run, so that they draw.
    func advance(_ members: [Int], of group: ContextID, past feeds: [InferenceJob.Feed]) -> Bool {
        guard let blocks = groups[group]?.blocks else { return true }
        for feed in feeds {
            if let member = blocks.own.firstIndex(of: feed.context) {
                groups[group]?.members[member].pending.removeFirst(feed.tokens.count)
            }
        }
        return members.allSatisfy { groups[group]?.members[$0].pending.isEmpty ?? true }
    }

    /// Takes up a step: all rows of a pass run together, or none does.
    func step(
        _ group: ContextID, _ members: [Int], _ id: JobID, _ reply: @escaping InferenceRequest.Reply<[DrawnToken]>
    ) {
        do {
            try checkUsable(group, members)
            guard let state = groups[group] else { throw closed }
            guard !members.isEmpty, Set(members).count == members.count else {
                throw EngineError.invalidOption(
                    name: "members of a step", value: "\(members)", allowed: "at least one, each once")
            }
            let rows = members.reduce(0) { $0 + state.members[$1].pending.count }
            guard members.allSatisfy({ !state.members[$0].pending.isEmpty }) else {
                throw EngineError.contextNotUsable("a member of the group is empty; extend it first")
            }
            let widest = min(rows, GroupState.passRows)
            guard widest <= scheduler.maximumRows else {
                throw EngineError.invalidOption(
                    name: "maximum rows of the engine", value: "\(scheduler.maximumRows)",
                    allowed: "for this step of a group at least \(widest)")
            }
            try checkLengths(state, members)
            groups[group]?.job = id
            jobs[id] = InferenceJob(context: group, age: state.age, purpose: .groupStep(members, reply))
            enqueue(id)
        } catch {
            reply(.failure((error as? KVCacheError)?.engineError ?? error))
        }
    }

    private func checkUsable(_ group: ContextID, _ members: [Int]) throws(EngineError) {
        guard let state = groups[group] else { throw closed }
        guard state.job == nil else { throw .contextNotUsable("another call is using the group; await that first") }
        for member in members where !state.members.indices.contains(member) {
            throw .invalidOption(name: "member", value: "\(member)", allowed: "0 to \(state.members.count - 1)")
        }
    }

    /// Refuses a step after which a member would stand, or see somebody, beyond its slot or the model's context.
    private func checkLengths(_ state: GroupState, _ members: [Int]) throws {
        let rows = members.reduce(0) { $0 + state.members[$1].pending.count }
        for member in members {
            let own = cache.residentCount(of: state.blocks.own[member])
            switch state.blocks.layout {
            case .slots(let length):
                let end = own + state.members[member].pending.count
                guard end <= length else { throw EngineError.contextTooLong(tokens: end, limit: length) }
            case .consecutive(let parts):
                let added = parts.contains(.others) ? rows : state.members[member].pending.count
                let end = try state.blocks.view(of: member, in: cache).place.position + own + added
                guard end <= contextLength else { throw EngineError.contextTooLong(tokens: end, limit: contextLength) }
            }
        }
    }

    /// Draws the next token of each member of a step.
    func draw(
        _ members: [Int], of group: ContextID, _ logits: LogitsView?, _ rows: Range<Int>
    ) throws -> [DrawnToken] {
        guard let logits, rows.count == members.count, var state = groups.removeValue(forKey: group) else {
            throw closed
        }
        defer { groups[group] = state }
        var drawn: [SampledToken] = []
        for (row, member) in zip(rows, members) {
            let seen = state.members[member].seen
            drawn.append(
                try state.members[member].sampler.draw(
                    from: logits[row], position: state.members[member].count, seen: seen, mask: state.mask))
        }
        return zip(members, drawn).map { member, sampled in
            let tag = vocabulary.tags[sampled.id]
            var text = ""
            if tag == nil {
                text = state.members[member].text.append(sampled.id)
            } else {
                state.members[member].text = TextDecoder(tokenizer)
            }
            if state.members[member].sampler.needsHistory { state.members[member].seen.insert(sampled.id) }
            state.members[member].pending = [sampled.id]
            state.members[member].count += 1
            statistics.decodedTokens += 1
            let token = DecodedToken(
                id: sampled.id, text: text, control: tag, logProbability: sampled.logProbability)
            return DrawnToken(token: token, stop: state.stops[sampled.id])
        }
    }

    /// Lets all members see at the common beginning what one has written.
    func publish(_ group: ContextID, _ member: Int) throws {
        try checkUsable(group, [member])
        guard var state = groups.removeValue(forKey: group) else { throw closed }
        defer { groups[group] = state }
        if case .slots = state.blocks.layout {
            throw EngineError.unsupported("publishing in a group with slots; their common beginning does not grow")
        }
        do {
            try state.blocks.publish(member, in: &cache)
        } catch {
            throw error.engineError
        }
    }

    /// Ends a group, and the step that is under way.
    func closeGroup(_ group: ContextID) {
        guard let job = groups[group].map(\.job) else { return }
        if let job { cancel(job) }
        guard let state = groups.removeValue(forKey: group) else { return }
        state.blocks.release(in: &cache)
        contexts[state.owner]?.openThreads.remove(group)
    }

    /// What the rows of a feed see, where they stand in it, and the thought that they belong to.
    func view(
        of feed: InferenceJob.Feed, for job: InferenceJob
    ) throws(KVCacheError) -> (view: ContextView, place: ContextPlace, thought: Int) {
        if let state = groups[job.context], let member = state.blocks.own.firstIndex(of: feed.context) {
            let (view, place) = try state.blocks.view(of: member, in: cache)
            return (view, place, state.thought)
        }
        // A trial, or a text of a group, belongs to the context that asks.
        let thought = (contexts[feed.context] ?? contexts[job.context])?.thought ?? 0
        return (try cache.view(of: feed.context), .beginning, thought)
    }
}
