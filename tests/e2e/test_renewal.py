"""Certificates are renewed under two hundred sessions and a stream of mail, and nobody notices."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from tests.e2e.support import clients
from tests.e2e.support.again import Again
from tests.e2e.support.sessions import Sessions
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
EACH = 50  # sessions of one user over one protocol
ROOM = {"max_connections_per_user": 60}


@pytest.fixture(scope="module")
def roomy(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with room for so many sessions; the documents and hosts are put back as they were."""
    stack.edit({"mailpair_site": {"pop_settings": ROOM, "imap_settings": ROOM}})
    stack.playbook(stack.plain_inventory())
    yield lab
    stack.restore()


def sent(lab: Lab) -> str:
    """The subject of a message from Ada to Bob that was accepted, in a session of its own."""
    subject = clients.unique("in a stream")
    clients.submit(lab, ADA, BOB, subject)
    return subject


def serial(sock: Any) -> int:
    """The serial number of the certificate that a TLS socket was shown."""
    return x509.load_der_x509_certificate(sock.getpeercert(binary_form=True)).serial_number


def seen(lab: Lab) -> dict[str, int]:
    """The serial numbers that clients are shown, by service."""
    shown = {}
    for encryption in ("SSL", "TLS"):
        with clients.connect_imap(lab, encryption) as imap:
            shown[f"IMAP {encryption}"] = serial(imap.sock)
        with clients.connect_pop(lab, encryption) as pop:
            shown[f"POP {encryption}"] = serial(pop.sock)
    with clients.connect_smtp(lab) as smtp:
        shown["SMTP"] = serial(smtp.sock)
    return shown


def peer_serial(lab: Lab, port: int) -> str:
    """What a back end shows to its front end."""
    return lab.front.run(
        f"openssl s_client -connect {lab.back.address}:{port} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    )


def test_all_that_is_open_lives_on_and_all_that_is_new_sees_the_new_certificate(roomy: Lab) -> None:
    stream = Again(lambda: sent(roomy), OSError)  # smtplib's exceptions are of this kind
    with ExitStack() as scope:
        sessions = Sessions(roomy, scope, (ADA, BOB), EACH)
        assert sessions.answering() == 4 * EACH
        before, peers = seen(roomy), [peer_serial(roomy, port) for port in (24, 1993, 1995)]
        with stream.running():
            # It ends once its own probes have seen the new ones at every port.
            roomy.front.run("mailpair-renew --force mail --force peer")
            roomy.back.run("mailpair-renew --force peer")
            now = seen(roomy)
        assert len(set(now.values())) == 1
        assert not set(now.values()) & set(before.values())
        assert not {peer_serial(roomy, port) for port in (24, 1993, 1995)} & set(peers)
        assert sessions.answering() == 4 * EACH
    assert stream.failed == []
    # What is tried a second time comes later.
    until(lambda: roomy.front.run("postqueue -j") == "", "an empty queue")
    with clients.imap(roomy, BOB) as client:
        assert [len(clients.find(client, subject)) for subject in stream.done] == [1] * len(stream.done)
