#if Gateway
    import BraidStore
    import Foundation
    import Testing

    @Suite("Where the store lies")
    struct StoreLocationTests {
        @Test(
            "the XDG state folder, when it is absolute",
            arguments: [
                (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/braid/runs.sqlite"),
                (["XDG_STATE_HOME": "s", "HOME": "/h"], "/h/.local/state/braid/runs.sqlite"),
                (["XDG_STATE_HOME": "", "HOME": "/h"], "/h/.local/state/braid/runs.sqlite"),
                (["HOME": "/h"], "/h/.local/state/braid/runs.sqlite"),
            ])
        func standard(environment: [String: String], path: String) {
            #expect(StoreLocation.standard(environment: environment).path == path)
            #expect(StoreLocation.standard(environment: [:]).path.hasPrefix("/"))
        }
    }
#endif
