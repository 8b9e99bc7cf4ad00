"""Several receive connectors on one binding: a client's address says which it gets. And bindings that move."""

from __future__ import annotations

import json
import smtplib
import socket
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

EVERYWHERE = ["0.0.0.0:2626", "[::]:2626"]
GREET = "import smtplib, sys; print(smtplib.SMTP(timeout=60).connect(sys.argv[1], int(sys.argv[2]))[1].decode())"


def connectors(lab: Lab, outside: Outside, *, further: int = 0, moved: int = 2627) -> dict[str, object]:
    """Everyone, this machine's IPv6 address, and the outside host on one binding; one more that moves."""
    strangers = {"permission_groups": ["AnonymousUsers"], "bindings": EVERYWHERE}
    found: dict[str, object] = {
        "Everyone": {**strangers, "banner": "220 Everyone."},
        "Network": {**strangers, "banner": "220 Network.", "remote_ip_ranges": [f"{outside.address}/31"]},
        "Partner": {
            **strangers,
            "banner": "220 Partner.",
            "remote_ip_ranges": [outside.address, own_address(lab, 6)],
        },
        "Moving": {"permission_groups": ["AnonymousUsers"], "bindings": [f"0.0.0.0:{moved}"]},
    }
    for number in range(further):
        found[f"Another {number}"] = {**strangers, "remote_ip_ranges": [f"192.0.2.{number}"]}
    return found


def own_address(lab: Lab, version: int) -> str:
    """The address that the front end sees this machine by."""
    with socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((lab.front.at(version), 9))
        return str(probe.getsockname()[0])


def bring(stack: Stack, wanted: dict[str, object]) -> None:
    """Bring these connectors up."""
    stack.edit(json.loads(json.dumps({"mailpair_site": {"receive_connectors": wanted}})))
    stack.up()


@pytest.fixture(scope="module")
def changed(lab: Lab, stack: Stack, outside: Outside) -> Iterator[Lab]:
    """The pair with these connectors; put back as it was."""
    bring(stack, connectors(lab, outside))
    yield lab
    stack.restore()


def greeting(lab: Lab, version: int) -> str:
    """What this machine is greeted with."""
    with smtplib.SMTP(timeout=PATIENCE) as client:
        return client.connect(lab.front.at(version), 2626)[1].decode()


def test_the_most_exact_range_wins_in_both_families(changed: Lab, outside: Outside) -> None:
    assert greeting(changed, 4) == "Everyone."
    assert greeting(changed, 6) == "Partner."
    assert outside.python(GREET, changed.front.address, "2626").strip() == "Partner."


def test_nobody_reaches_an_inner_port_by_itself(changed: Lab) -> None:
    listening = changed.front.run("ss -Hltn4 | awk '{print $4}' | sed 's/.*://'").split()
    inner = [int(port) for port in listening if 10000 <= int(port) < 30000]
    assert len(inner) == 2
    for port in inner:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((changed.front.address, port), PATIENCE)


def test_connectors_come_and_bindings_move_under_open_sessions(changed: Lab, stack: Stack, outside: Outside) -> None:
    """Postfix ends the sessions of a binding that goes, and of no other; it must be able to (CAP_KILL)."""
    address = changed.front.address
    with (
        smtplib.SMTP(address, 2626, timeout=PATIENCE) as everyone,
        smtplib.SMTP(changed.front.at(6), 2626, timeout=PATIENCE) as partner,
        smtplib.SMTP(address, 2627, timeout=PATIENCE) as moving,
    ):
        bring(stack, connectors(changed, outside, further=3, moved=2628))
        assert (everyone.noop()[0], partner.noop()[0]) == (250, 250)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            moving.noop()
        moving.close()
    with smtplib.SMTP(address, 2628, timeout=PATIENCE) as client:
        assert client.noop()[0] == 250
    assert changed.front.run("ss -Hltn sport = :2627") == ""
    assert greeting(changed, 6) == "Partner."
