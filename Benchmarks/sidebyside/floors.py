"""The floor of a case: the time that reading its bytes once or computing its operations takes at this machine's best."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

from sidebyside.cases import Case
from sidebyside.models import Model


@dataclass(frozen=True)
class Floors:
    """What Benchmarks/floors.c measured."""

    measured: dict[str, Any]
    # GB/s over a case's working set, measured in turns with the case, where it was.
    reading: float | None = None

    def bandwidth(self, threads: int, size: float) -> float:
        """Bytes per second of `threads` threads over a working set of `size` bytes: what was measured in turns with the
        case, or else, between two sizes measured, a figure on a line over the logarithm of the size."""
        if self.reading is not None:
            return self.reading * 1e9
        points = sorted(
            (point["mebibytes"] * 2.0**20, point["gigabytes_per_second"] * 1e9)
            for point in self.measured["bandwidth"] if point["threads"] == threads)
        if size <= points[0][0]:
            return points[0][1]
        for (small, first), (large, second) in itertools.pairwise(points):
            if size <= large:
                share = math.log(size / small) / math.log(large / small)
                return first + share * (second - first)
        return points[-1][1]

    def rate(self, weights: str) -> float:
        """Operations per second and core of products with such weights."""
        floats = max(self.measured["f32_gflops"], self.measured["bf16_gflops"])
        rates = {"f32": self.measured["f32_gflops"], "bf16": floats}
        return 1e9 * rates.get(weights, max(floats, self.measured["int8_gops"]))

    def _seconds(self, size: float, products: float, weights: str, attention: float, threads: int) -> float:
        reading = size / self.bandwidth(threads, size)
        computing = (products / self.rate(weights) + attention / self.rate("bf16")) / threads
        return max(reading, computing)

    def step(self, model: Model, weights: str, prefix: float, width: int, own: float, threads: int = 2) -> float:
        """Seconds of one step of `width` threads that share a prefix and have `own` tokens each: all weights once, the
        prefix's keys and values once, each thread's once, in f16."""
        size = self.step_bytes(model, weights, prefix, width, own)
        products = 2 * width * (model.body_weights + model.head_weights)
        return self._seconds(size, products, weights, model.attention_operations(width * (prefix + own)), threads)

    @staticmethod
    def step_bytes(model: Model, weights: str, prefix: float, width: int, own: float) -> float:
        """Bytes that a step reads at the least."""
        return model.weight_bytes(weights) + model.kv_bytes(prefix + width * own)

    @classmethod
    def reading_bytes(cls, case: Case, model: Model) -> float | None:
        """The working set whose bandwidth is measured in turns with a case; none where products take longer."""
        if case.kind not in ("decode", "threads"):
            return None
        return cls.step_bytes(model, case.weights, case.prefix, case.width, case.header + case.tokens / 2)

    def prefill(self, model: Model, weights: str, prefix: int, threads: int = 2) -> float:
        """Seconds of a prefill; the output's matrix is applied to the last token only."""
        size = model.weight_bytes(weights) + model.kv_bytes(prefix)
        products = 2 * (prefix * model.body_weights + model.head_weights)
        return self._seconds(size, products, weights, model.attention_operations(prefix * prefix / 2), threads)

    def case(self, case: Case, model: Model) -> float | None:
        """Seconds of a case; none for those that are about something else than speed."""
        if case.kind == "prefill":
            return self.prefill(model, case.weights, case.prefix)
        if case.kind in ("decode", "threads"):
            own = case.header + case.tokens / 2
            return case.tokens * self.step(model, case.weights, case.prefix, case.width, own)
        if case.kind == "forkjoin":
            text = case.header + case.tokens
            joined = case.prefix + case.width * text
            return (
                self.prefill(model, case.weights, case.prefix)
                + case.tokens * self.step(model, case.weights, case.prefix, case.width, case.header + case.tokens / 2)
                + case.answer * self.step(model, case.weights, joined, 1, case.answer / 2))
        return None
