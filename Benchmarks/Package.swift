// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "BraidBenchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "Braid", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "braid-forkjoin",
            dependencies: [
                .product(name: "Braid", package: "Braid"),
                .product(name: "BraidInference", package: "Braid"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/BraidForkJoin",
            swiftSettings: settings),
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "braid-overhead",
            dependencies: [
                "CAllocationCount",
                .product(name: "Braid", package: "Braid"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/BraidOverhead",
            swiftSettings: settings),
    ]
)
