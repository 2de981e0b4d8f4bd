/// An order to copy one page onto another, before anything is written to the new one.
struct PageCopy: Hashable, Sendable {
    let source: PageID
    let target: PageID
}
