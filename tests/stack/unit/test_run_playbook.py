"""What is passed on of a playbook's output."""

from __future__ import annotations

from pulumi_stack.run_playbook import Teller

OUTPUT = """
PLAY [Configure front ends] ****************************************************

TASK [mailpair.mail.renewal : What others' CAs issue is there] *****************
[WARNING]: mail: one of this host's own CA stands in for it, and it could not
be renewed: Connection refused
[WARNING]: web: it is missing
changed: [front1]
ok: [front2]

PLAY RECAP *********************************************************************
"""


def test_plays_tasks_and_warnings_are_told() -> None:
    told: list[tuple[str, bool]] = []
    teller = Teller(lambda text, moment: told.append((text, moment)))
    for line in OUTPUT.splitlines():
        teller(line)
    problem = "mail: one of this host's own CA stands in for it, and it could not be renewed: Connection refused"
    assert told == [
        ("play Configure front ends", False),
        ("task mailpair.mail.renewal : What others' CAs issue is there", True),
        (f"[WARNING]: {problem}", False),
        ("[WARNING]: web: it is missing", False),
    ]
