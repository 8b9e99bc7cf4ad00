"""What is said of the machine's noise."""

from __future__ import annotations

from bench import machine
from bench.machine import Moment

STAT = """\
cpu  100 0 50 800 10 0 5 35 0 0
cpu0 50 0 25 400 5 0 2 17 0 0
intr 12
"""


def test_ticks_are_those_of_all_processors() -> None:
    assert machine.ticks(STAT) == {
        "user": 100, "nice": 0, "system": 50, "idle": 800, "iowait": 10, "irq": 0, "softirq": 5, "steal": 35
    }  # fmt: skip


def test_noise_is_what_a_calculation_took_and_what_others_took() -> None:
    before = Moment({"user": 100, "idle": 800, "steal": 0}, (0.010, 0.020))
    after = Moment({"user": 150, "idle": 825, "steal": 25}, (0.030, 0.020))
    found = {each.name: each for each in machine.figures(before, after)}
    assert found["the same calculation"].text() == "20.0 ms"
    assert found["the same calculation"].note.startswith("from 10 to 30 ms ")
    assert found["its longest to its shortest"].text() == "3.00"
    assert found["processor time stolen by other machines"].text() == "25.0 %"
    assert found["processor time without work"].text() == "25.0 %"


def test_this_machine_can_be_looked_at() -> None:
    moment = machine.look()
    assert len(moment.probes) == machine.PROBES
    assert min(moment.probes) > 0
    assert moment.ticks["idle"] > 0
