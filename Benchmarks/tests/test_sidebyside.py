"""Tests of what turns measurements into verdicts: python3 -m unittest discover Benchmarks/tests

The expected figures are computed by hand from the models' shapes.
"""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sidebyside import cases  # noqa: E402
from sidebyside.cases import Case  # noqa: E402
from sidebyside.floors import Floors  # noqa: E402
from sidebyside.models import Model  # noqa: E402
from sidebyside.report import write_report  # noqa: E402
from sidebyside.results import Results  # noqa: E402
from sidebyside.targets import TARGETS  # noqa: E402

CONFIG = """{"hidden_size": 768, "intermediate_size": 2304, "num_hidden_layers": 12, "num_attention_heads": 12,
             "num_key_value_heads": 12, "vocab_size": 32000}"""
FLOORS = {
    "bandwidth": [
        {"threads": threads, "mebibytes": size, "gigabytes_per_second": rate * threads}
        for threads in (1, 2) for size, rate in ((1, 100.0), (4, 50.0), (64, 10.0))],
    "f32_gflops": 100.0, "bf16_gflops": 200.0, "int8_gops": 400.0}


def model() -> Model:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "llama120m").mkdir()
        (Path(folder) / "llama120m/config.json").write_text(CONFIG)
        return Model.load(Path(folder), "llama120m")


def record(case: Case, **seconds: Any) -> dict[str, Any]:
    """A case's record as run-peers writes it; a text instead of seconds is an error."""
    results = {
        label: {"runs": [], "others_busy": [], "error": value} if isinstance(value, str)
        else {"runs": [{"seconds": value}, {"seconds": 3 * value}, {"seconds": 0.5 * value}], "others_busy": [0.0]}
        for label, value in seconds.items()}
    return {
        "name": case.name, "kind": case.kind, "model": case.model, "weights": case.weights, "prefix": case.prefix,
        "width": case.width, "tokens": case.tokens, "header": case.header, "answer": case.answer,
        "results": results, "floor_seconds": 0.5, "braid_commit": "abc"}


class ModelTests(unittest.TestCase):
    def test_bytes_follow_from_the_shape(self) -> None:
        # A layer has 4 x 768 x 768 + 3 x 768 x 2304 weights, the tied embedding 768 x 32000.
        weights = 12 * (4 * 768 * 768 + 3 * 768 * 2304) + 768 * 32000
        self.assertEqual(model().weight_bytes("f32"), 4 * weights)
        self.assertEqual(model().weight_bytes("q8_0"), weights / 32 * 34)
        self.assertEqual(model().weight_bytes("q4_0"), weights / 32 * 18)
        self.assertEqual(model().kv_bytes(1), 36 * 1024)


class FloorTests(unittest.TestCase):
    def test_bandwidth_goes_from_size_to_size(self) -> None:
        floors = Floors(FLOORS)
        self.assertEqual(floors.bandwidth(1, 2**10), 100e9)
        self.assertAlmostEqual(floors.bandwidth(1, 2 * 2**20), 75e9)
        self.assertEqual(floors.bandwidth(2, 4 * 2**20), 100e9)
        self.assertEqual(floors.bandwidth(1, 2**40), 10e9)

    def test_a_step_of_one_is_bound_by_reading(self) -> None:
        shape = model()
        expected = (shape.weight_bytes("q8_0") + 36 * 1024 * 520) / 20e9
        self.assertAlmostEqual(Floors(FLOORS).step(shape, "q8_0", 512, 1, 8), expected)

    def test_what_was_read_in_turns_with_a_case_counts(self) -> None:
        shape, case = model(), cases.threads("llama120m", "q8_0", 512, 8, 32)
        size = shape.weight_bytes("q8_0") + 36 * 1024 * (512 + 8 * 24)
        self.assertEqual(Floors.reading_bytes(case, shape), size)
        self.assertAlmostEqual(Floors(FLOORS, reading=5).case(case, shape), 32 * size / 5e9)
        self.assertIsNone(Floors.reading_bytes(cases.prefill("llama120m", "q8_0", 512), shape))

    def test_a_prefill_is_bound_by_products(self) -> None:
        shape = model()
        products = 2 * (512 * shape.body_weights + shape.head_weights) / 100e9
        attention = 4 * 12 * 12 * 64 * 512 * 512 / 2 / 200e9
        self.assertAlmostEqual(Floors(FLOORS).prefill(shape, "f32", 512), (products + attention) / 2)


class MemoryTests(unittest.TestCase):
    def test_overhead_is_what_weights_and_pages_do_not_explain(self) -> None:
        case = record(cases.memory("llama120m", "q8_0", 512, 8, 32), braid=1.0)
        found = case["results"]["braid"]
        found |= {"weight_bytes": 1000, "runs": [{"peak_rss_bytes": 1700, "used_pages": 6, "page_bytes": 100}]}
        self.assertEqual(Results({"cases": [case]}).overhead_bytes(case["name"]), 100)
        del found["runs"][0]["page_bytes"]
        self.assertIsNone(Results({"cases": [case]}).overhead_bytes(case["name"]))


class TargetTests(unittest.TestCase):
    def verdict(self, record: dict[str, Any], case: str) -> tuple[float | None, str]:
        target = next(target for target in TARGETS if target.case == case)
        return target.verdict(Results({"cases": [record]}))

    def test_the_faster_peer_counts(self) -> None:
        case = cases.prefill("llama120m", "q8_0", 512)
        name = "prefill-llama120m-q8_0-512"
        met = record(case, **{"braid": 1.0, "llama-off": 1.6, "llama-on": 2.0})
        self.assertEqual(self.verdict(met, name), (1.6, "met"))
        missed = record(case, **{"braid": 1.0, "llama-off": 1.6, "llama-on": 1.4})
        self.assertEqual(self.verdict(missed, name), (1.4, "missed"))

    def test_what_did_not_run_is_not_missed_and_not_met(self) -> None:
        case = cases.prefill("llama120m", "q8_0", 512)
        refused = record(case, **{"braid": "no such format", "llama-off": 1.0, "llama-on": 1.0})
        self.assertEqual(self.verdict(refused, case.name), (None, "cannot run"))
        self.assertEqual(self.verdict(refused, "decode-llama6m-f32"), (None, "not measured"))

    def test_every_target_has_its_case(self) -> None:
        names = {case.name for case in cases.full()}
        self.assertEqual([target.case for target in TARGETS if target.case not in names], [])


class ReportTests(unittest.TestCase):
    def test_misses_and_refusals_are_told(self) -> None:
        data: dict[str, Any] = {
            "date": "2026-01-02", "quick": False, "repetitions": 3, "busy": False, "others_busy": 0.01,
            "machine": {
                "processor": "P", "family_model": "F", "instructions": ["avx2"], "cores": 2, "memory_gib": 1, "system": "S"},
            "load": {"busy_share": 0.0, "pressure_avg10": 0.0, "load_average": 0.0},
            "swift": "Swift",
            "llama_cpp": {"llama_cpp": "def", "llama_cpp_python": "1", "compiler": "C", "openmp": "on"}, "floors": FLOORS,
            "cases": [
                record(cases.decode("llama120m", "f32", 64), **{"braid": 1.0, "llama-off": 0.9, "llama-on": 2.0}),
                record(cases.decode("llama120m", "q4_0", 64), **{"braid": "no q4_0", "llama-off": 0.9, "llama-on": 2.0})]}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "performance.md"
            write_report(Results(data), file)
            page = file.read_text()
        self.assertIn("* Decoding alone, against llama.cpp's best, 120M f32: 0.90 x, wanted at least 1.00 x.", page)
        self.assertIn("* 120M q4_0: no q4_0", page)
        self.assertNotIn("do not count", page)


if __name__ == "__main__":
    unittest.main()
