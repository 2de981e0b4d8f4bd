"""The machine: what it is, and how busy others keep it."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Others may use this share of all cores before figures are doubtful.
BUSY_SHARE = 0.05
# Above this, in the moment before a run, the run itself is doubtful.
DISTURBED_SHARE = 0.20


def describe() -> dict[str, Any]:
    """Processor, cores, memory and system."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = dict(line.split("\t: ", 1) for line in map(lambda line: line.replace("\t\t", "\t"), lines) if "\t: " in line)
    flags = fields.get("flags", "").split()
    interesting = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"]
    return {
        "processor": fields.get("model name", platform.processor()),
        "family_model": f"family {fields.get('cpu family', '?')} model {fields.get('model', '?')}",
        "instructions": [flag for flag in interesting if flag in flags],
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def _cpu_ticks() -> tuple[int, int]:
    """Ticks of all cores since the start: not idle, and all."""
    ticks = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def busy_share(seconds: float) -> float:
    """Share of all cores that is used while this process sleeps: by others, when nothing of ours runs."""
    busy, total = _cpu_ticks()
    time.sleep(seconds)
    busy_after, total_after = _cpu_ticks()
    return (busy_after - busy) / max(1, total_after - total)


@dataclass(frozen=True)
class Load:
    """How busy the machine is before anything of ours runs."""

    busy_share: float
    pressure_avg10: float
    load_average: float

    @classmethod
    def now(cls) -> Load:
        """Watches for two seconds."""
        try:
            pressure = float(Path("/proc/pressure/cpu").read_text().split("avg10=")[1].split()[0])
        except (OSError, IndexError):
            pressure = 0.0
        return cls(round(busy_share(2.0), 4), pressure, round(os.getloadavg()[0], 2))

    @property
    def is_busy(self) -> bool:
        return self.busy_share > BUSY_SHARE or self.pressure_avg10 > 100 * BUSY_SHARE

    def __str__(self) -> str:
        return (
            f"others use {self.busy_share:.0%} of the cores, CPU pressure {self.pressure_avg10:.0f} %, "
            f"load average {self.load_average}")
