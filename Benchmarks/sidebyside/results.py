"""What was measured, and the questions that targets and tables ask of it."""

from __future__ import annotations

import statistics
from typing import Any


class Results:
    """One results file of run-peers."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.cases: dict[str, dict[str, Any]] = {case["name"]: case for case in data["cases"]}

    def kind(self, kind: str) -> list[dict[str, Any]]:
        return [case for case in self.data["cases"] if case["kind"] == kind]

    def median(self, case: str, label: str, key: str = "seconds") -> float | None:
        """Median over the repetitions; none when it was not measured."""
        runs = self.cases.get(case, {}).get("results", {}).get(label, {}).get("runs", [])
        values = [run[key] for run in runs if run.get(key) is not None]
        return statistics.median(values) if values else None

    def spread(self, case: str, label: str, key: str = "seconds") -> float | None:
        """(Slowest - fastest) / median of the repetitions."""
        runs = self.cases.get(case, {}).get("results", {}).get(label, {}).get("runs", [])
        values = [run[key] for run in runs if run.get(key) is not None]
        return (max(values) - min(values)) / statistics.median(values) if len(values) > 1 else None

    def best(self, case: str, labels: list[str], key: str = "seconds") -> float | None:
        """The shortest median of several contestants."""
        medians = [value for label in labels if (value := self.median(case, label, key)) is not None]
        return min(medians) if medians else None

    def error(self, case: str, label: str) -> str | None:
        """Why a contestant did not run."""
        return self.cases.get(case, {}).get("results", {}).get(label, {}).get("error")

    def share_of_floor(self, case: str, label: str) -> float | None:
        """Floor / time: 1 is the best that the machine can do."""
        seconds, floor = self.median(case, label), self.cases.get(case, {}).get("floor_seconds")
        return floor / seconds if seconds and floor else None

    def overhead_bytes(self, case: str) -> float | None:
        """Braid's peak of memory beyond the weights' file and the pages in use."""
        found = self.cases.get(case, {})
        peak = self.median(case, "braid", "peak_rss_bytes")
        pages = self.median(case, "braid", "used_pages")
        page = self.median(case, "braid", "page_bytes")
        if peak is None or pages is None or page is None:
            return None
        return peak - found["results"]["braid"]["weight_bytes"] - pages * page
