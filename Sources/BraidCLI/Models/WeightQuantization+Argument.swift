public import ArgumentParser
public import BraidInference

extension WeightQuantization: ExpressibleByArgument {}
