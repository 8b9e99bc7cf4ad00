"""A server whose keys are lost is refused by all others after one command, and comes back with new keys."""

from __future__ import annotations

import imaplib
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.issuing import TLS, Issued, in_place
from tests.e2e.support.wait import until
from tests.e2e.test_peer_faults import deferred, says, waiting_message
from tests.e2e.test_ports import LET_IN, PEER, knock

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

BOB = "bob@contoso.test"
LOST = "/root/lost"  # copies of a front end's certificate and key, in the hands of somebody else


@pytest.mark.parametrize("name", ["front1", "back1"])
def test_a_server_is_refused_after_one_command_and_comes_back(
    lab: Lab, stack: Stack, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.front.run(f"install -m 600 -D /etc/mailpair/tls/peer.pem {LOST}/peer.pem")
    lab.front.run(f"install -m 600 -D /etc/mailpair/tls/peer.key {LOST}/peer.key")
    lost = Issued(lab.back.run(f"cat {TLS}/peer.pem"), lab.back.run(f"cat {TLS}/peer.key"), serial="of no matter")
    try:
        with clients.connect_imap(lab) as open_before:
            open_before.login(BOB, lab.password(BOB))
            began = time.monotonic()
            stack.playbook(stack.plain_inventory(), "-e", f"host={name}", name="revoke.yml")
            with capsys.disabled():
                sys.stdout.write(f"\nrevoke.yml -e host={name}: {time.monotonic() - began:.1f} s\n")
            with pytest.raises((imaplib.IMAP4.abort, OSError)):
                open_before.noop()
        imap, pop = says(lab)
        assert "UNAVAILABLE" in imap
        assert "SYS/TEMP" in pop
        with waiting_message(lab):
            assert "status=deferred" in deferred(lab)
            stack.playbook(stack.plain_inventory())
            until(lambda: says(lab) == ("", ""), "logins with new keys")
        if name == "back1":
            with in_place(lab.back, "peer", lost, "systemctl reload haproxy"):
                until(lambda: all(says(lab)), "nobody gets in")
                imap, pop = says(lab)
                assert "UNAVAILABLE" in imap
                assert "SYS/TEMP" in pop
            until(lambda: says(lab) == ("", ""), "logins with new keys again")
        else:
            for port in PEER:
                answer = knock(lab.front, lab.back, port, f"{LOST}/peer.pem", f"{LOST}/peer.key")
                assert not answer.startswith(f"answered {LET_IN[port]}"), answer
    finally:
        lab.front.run(f"rm -r {LOST}")
