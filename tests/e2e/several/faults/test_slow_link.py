"""A back end at the end of a slow and lossy link: its users wait, and are served; nobody else notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.several.conftest import OWN
from tests.e2e.several.test_any_front_end import ADA, BOB, by
from tests.e2e.support import clients
from tests.e2e.support.outlasting import is_told, others_go_on, outlasted
from tests.e2e.support.slow_link import slow_link

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

TIMES = 2
TRIES = 8  # at each front end; a frame that is lost again and again is a back end that is away


def test_users_of_a_slow_back_end_are_served_and_nobody_else_notices(lab: Lab) -> None:
    with outlasted(lab, BOB, ADA) as taken, slow_link(lab.backs[1], StackNames(OWN).bridge) as link:
        for front in lab.fronts:
            with by(lab, front):
                told = [("unheard", "unheard")]
                while not all("" in each for each in zip(*told, strict=True)) and len(told) <= TRIES:
                    told.append(is_told(lab, BOB))
            assert all("" in each for each in zip(*told, strict=True)), told
        for _ in range(TIMES):
            taken.append(clients.unique("slowly"))
            clients.submit(lab, ADA, BOB, taken[-1])
        others_go_on(lab, BOB, ADA)
        with clients.imap(lab, BOB) as imap:
            for subject in taken:
                clients.wait_for_message(imap, subject)
        print(f"{link.carried} frames were late, {link.lost} lost")  # noqa: T201
        assert link.lost > 0
