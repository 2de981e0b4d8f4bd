"""The page of figures of every method, from made-up rows."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sidebyside.methods_report import methods_page  # noqa: E402


def row(method: str, seconds: float) -> dict[str, Any]:
    return {
        "method": method, "accuracy": 0.5, "accuracyLow": 0.25, "accuracyHigh": 0.75, "meanTotalTokens": 200.4,
        "meanCriticalPathTokens": 100.0, "meanThreads": 3.0, "forkRate": 0.9, "structureValidRate": 1.0,
        "meanWallSeconds": seconds}


def page(busy: bool) -> str:
    rows = [row("sequential", 0.4), row("npr", 0.1)]
    return methods_page({
        "date": "2026-01-02", "count": 200, "seed": 7,
        "machine": {"processor": "A processor", "cores": 2, "instructions": ["avx2"]},
        "tasks": {"countdown-4": {"load": {"busy": busy}, "rows": rows}}})


class MethodsPageTests(unittest.TestCase):
    def test_a_row_says_what_was_measured(self) -> None:
        self.assertIn("| `npr` | 50.0 % | 25.0 - 75.0 | 200 | 100 | 3.0 | 90 % | 100.0 % | 0.100 | 4.00 x |\n", page(False))
        self.assertIn("--count 200 --seed 7", page(False))

    def test_a_busy_machine_is_told(self) -> None:
        self.assertNotIn("do not count", page(False))
        self.assertIn("do not count", page(True))


if __name__ == "__main__":
    unittest.main()
