"""What else the machine did while it was measured: without that, no figure can be read."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from hashlib import scrypt
from pathlib import Path
from statistics import median

from bench.figures import Figure

PROBES = 20  # calculations in a row, some 60 ms each on a machine of 2020
FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")  # of /proc/stat, proc_stat(5)


@dataclass(frozen=True)
class Moment:
    """A look at the machine: ticks that its processors spent so far, and how long a calculation takes."""

    ticks: dict[str, int]
    probes: tuple[float, ...]  # seconds


def look() -> Moment:
    """The machine as it is now; takes a second or two."""
    return Moment(ticks(Path("/proc/stat").read_text()), tuple(_probe() for _ in range(PROBES)))


def ticks(stat: str) -> dict[str, int]:
    """The line ``cpu`` of /proc/stat, by name."""
    values = next(line for line in stat.splitlines() if line.startswith("cpu ")).split()[1:]
    return dict(zip(FIELDS, map(int, values), strict=False))


def figures(before: Moment, after: Moment) -> list[Figure]:
    """The noise between two looks: a calculation that should always take the same, and what processors did."""
    probes = [*before.probes, *after.probes]
    spent = {name: after.ticks[name] - before.ticks[name] for name in before.ticks}
    whole = sum(spent.values()) or 1
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    note = f"from {min(probes) * 1000:.0f} to {max(probes) * 1000:.0f} ms before and after; a quiet machine: alike"
    return [
        Figure("the same calculation", median(probes) * 1000, "ms", note),
        Figure("its longest to its shortest", max(probes) / min(probes), "ratio", "noise"),
        Figure("processor time stolen by other machines", 100 * spent.get("steal", 0) / whole, "%"),
        Figure("processor time without work", 100 * spent.get("idle", 0) / whole, "%", f"{os.cpu_count()} cores"),
        Figure("load at the end", os.getloadavg()[0], "processes", f"averages {load}"),
    ]


def _probe() -> float:
    start = time.perf_counter()
    scrypt(b"password", salt=b"salt", n=1 << 14, r=8, p=1)
    return time.perf_counter() - start
