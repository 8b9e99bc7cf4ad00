"""Names that follow from a stack's name."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pulumi_stack.platforms.nspawn.names import StackNames, slug

STACK = st.from_regex(r"[A-Za-z0-9_.-]{1,100}", fullmatch=True)  # as Pulumi has them


def test_a_short_name_is_kept() -> None:
    names = StackNames("lab")
    assert (names.bridge, names.table, names.state) == ("mp-lab", "mailpair-lab", Path("/var/lib/mailpair/lab"))
    assert names.network_unit == "mailpair-lab-network.service"
    front = names.machine("front1")
    assert (front.machine, front.unit, front.cgroup) == (
        "lab-front1",
        "mailpair-lab-front1.service",
        "mailpair-lab-front1",
    )
    assert front.root == Path("/var/lib/mailpair/lab/machines/front1/root")


def test_other_names_are_shortened_and_stay_apart() -> None:
    assert slug("Production_of_the_west") != slug("Production_of_the_east")
    assert slug("a.b") != slug("a-b") == "a-b"


@given(STACK)
def test_every_name_fits_everywhere(stack: str) -> None:
    names = StackNames(stack)
    assert re.fullmatch(r"mp-[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", names.bridge)
    assert len(names.machine("x" * 40).machine) <= 64
    assert slug(stack) == slug(stack)
