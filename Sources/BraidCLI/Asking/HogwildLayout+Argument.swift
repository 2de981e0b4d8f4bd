public import ArgumentParser
public import Braid

extension HogwildInference.Layout: ExpressibleByArgument {}
