"""Figures, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least a share (0 to 1) of all values do not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


@dataclass(frozen=True)
class Figure:
    """One line of the report: a name, a value with its unit, and what stands beside it."""

    name: str
    value: float
    unit: str  # "ms", "s", "a second", "MB/s", "kB", "%" ..., "count" of things, or "ratio"
    note: str = ""

    def text(self) -> str:
        """The value as a person reads it."""
        if self.unit == "ratio":
            return f"{self.value:.2f}"
        if self.unit == "count":
            return f"{self.value:.0f}"
        return f"{self.value:.1f} {self.unit}"


def spread(name: str, seconds: Sequence[float]) -> list[Figure]:
    """Median and 99th percentile of a sample, in milliseconds.

    The noise is how far the medians of the sample's halves, earlier and later, lie apart.
    """
    half = len(seconds) // 2
    noise = abs(median(seconds[:half]) - median(seconds[half:])) / median(seconds)
    note = f"n = {len(seconds)}, noise {noise:.0%}"
    return [
        Figure(f"{name}, p50", median(seconds) * 1000, "ms", note),
        Figure(f"{name}, p99", percentile(seconds, 0.99) * 1000, "ms"),
    ]


def table(figures: Sequence[Figure]) -> str:
    """All figures in three columns."""
    width = max(len(figure.name) for figure in figures)
    values = max(len(figure.text()) for figure in figures)
    lines = (f"{figure.name:<{width}}  {figure.text():>{values}}  {figure.note}".rstrip() for figure in figures)
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> list[dict[str, object]]:
    """All figures as plain data."""
    return [{"name": each.name, "value": each.value, "unit": each.unit, "note": each.note} for each in figures]
