"""When servers take Debian's security updates by themselves."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN
from mailpair.settings.quantities import time_span
from mailpair.settings.record import Answer, Group, Parameter

_LAST = 24 * 3600 - 1  # a second before midnight

SECURITY_UPGRADES = Group(
    "security_upgrades",
    "Security updates that servers take by themselves, one server after another. See docs/upgrades.md.",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=True,
            answer=Answer.OURS,
            source="none; Windows Update",
            text=(
                "Whether each server takes Debian's security updates once a day, front ends first and never two at "
                "once. One whose turn comes while another front end is not well waits for the next day."
            ),
            test="tests/e2e/test_security_upgrades.py::test_a_security_update_is_taken_and_nothing_else",
            how="unattended-upgrades, with a time of day for each server",
        ),
        Parameter(
            name="begin",
            notation=time_span(0, _LAST),
            default="02:00:00",
            answer=Answer.OURS,
            source="none; Windows Update",
            text="The time of day at which the first server begins, by its own clock; each further one begins later.",
            test="tests/e2e/test_security_upgrades.py::test_each_server_has_a_time_of_its_own",
            how="the timer apt-daily-upgrade",
        ),
    ),
)
