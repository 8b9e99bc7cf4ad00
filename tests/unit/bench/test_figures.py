"""How the benchmark's figures are computed and shown."""

from __future__ import annotations

import pytest

from bench.figures import Figure, as_json, percentile, spread, table


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.99, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        (list(map(float, range(1, 101))), 0.99, 99.0),
        ([1.0, 2.0], 0, 1.0),
    ],
)
def test_percentile(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_spread_tells_median_tail_and_noise() -> None:
    middle, tail = spread("login", [0.010, 0.010, 0.020, 0.020])
    assert middle == Figure("login, p50", 15.0, "ms", "n = 4, noise 67%")
    assert tail == Figure("login, p99", 20.0, "ms", "")


def test_table_and_json_show_the_same() -> None:
    figures = [Figure("a", 1.234, "s", "warm"), Figure("a longer name", 0.5, "ratio")]
    assert table(figures).splitlines() == ["a              1.2 s  warm", "a longer name   0.50"]
    assert as_json(figures)[0] == {"name": "a", "value": 1.234, "unit": "s", "note": "warm"}
