public import ArgumentParser
public import BraidInference

extension ConversionType: ExpressibleByArgument {}
