"""A front end and a back end to each other: who is who, certificates that are lost, a back end that is gone."""

from __future__ import annotations

import imaplib
import poplib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.edited import edited
from tests.e2e.support.evidence import recap
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

BOB = "bob@contoso.test"
ACCOUNTS = "/etc/mailpair/directory/accounts.db"
TLS = "/etc/mailpair/tls"

# What a front end rightly complains of in its journal while these tests run.
PROVOKED = (
    "doesn't match expected host name other.contoso.test",
    "Connection refused (after ",
    "Disconnected by server: Connection closed (state=",
)


def refusal(lab: Lab) -> str:
    """What a login over IMAP is refused with; empty if it is not."""
    try:
        with clients.imap(lab, BOB):
            return ""
    except imaplib.IMAP4.error as error:
        return str(error)


@contextmanager
def led_to(lab: Lab, name: str) -> Iterator[None]:
    """The front end takes everybody to a host of this name meanwhile."""

    def change(before: str, after: str) -> None:
        statement = f"UPDATE logins SET host = '{after}' WHERE host = '{before}'"
        program = f'import sqlite3; d = sqlite3.connect(\'{ACCOUNTS}\'); d.execute("""{statement}"""); d.commit()'
        lab.front.run("python3 -", stdin=program)

    change(lab.back.fqdn, name)
    try:
        yield
    finally:
        change(name, lab.back.fqdn)


def test_a_back_end_under_another_name_gets_nobody(lab: Lab) -> None:
    """It shows a certificate of the site's CA, but for another name than the front end asked for."""
    alias = f"s/^{lab.back.address} .*/& other.contoso.test/"
    with edited(lab.front, "/etc/hosts", alias), led_to(lab, "other.contoso.test"):
        until(lambda: "UNAVAILABLE" in refusal(lab), "the refusal of a back end that is not the one it was taken for")
    until(lambda: not refusal(lab), "a login once the name is right")


@pytest.mark.parametrize("port", [24, 1993, 1995])
def test_what_proves_a_server_does_not_open_a_back_end(lab: Lab, port: int) -> None:
    """The front end's public certificate is of the site's root, which no back end takes for a peer's CA."""
    wrong = lab.front.run(
        f"printf 'NOOP\\r\\na LOGIN bob@contoso.test x\\r\\nLHLO x\\r\\nMAIL FROM:<>\\r\\n' |"
        f" timeout 5 openssl s_client -quiet -ign_eof -connect {lab.back.address}:{port} -CAfile {TLS}/ca.pem"
        f" -cert {TLS}/mail.pem -key {TLS}/mail.key 2>&1",
        check=False,
    )
    assert "Logged in" not in wrong
    assert "250 2.1.0" not in wrong
    assert "unknown ca" in wrong or "valid SSL certificate" in wrong or "Unknown command" in wrong, wrong


def test_lost_certificates_are_made_anew_and_no_session_ends(lab: Lab, stack: Stack) -> None:
    master = "systemctl show --property MainPID dovecot"
    before = [host.run(master) for host in lab.hosts]
    with clients.imap(lab, BOB) as imap, clients.pop(lab, BOB) as pop:
        lab.front.run(f"rm {TLS}/mail.pem {TLS}/peer.key")
        lab.back.run(f"rm {TLS}/peer.pem")
        counts = recap(stack.playbook(stack.inventory()).stdout)
        assert {count["failed"] for count in counts.values()} == {0}
        clients.ok(imap.noop())
        pop.noop()
    assert [host.run(master) for host in lab.hosts] == before
    with clients.imap(lab, BOB), clients.pop(lab, BOB):
        pass
    for host in lab.hosts:
        assert "OK" in host.run(f"cd {TLS} && openssl verify -CAfile peer-ca.pem peer.pem")


def test_a_lost_back_end_is_told_and_clients_come_back(lab: Lab) -> None:
    lab.back.run("systemctl stop dovecot")
    try:
        assert "UNAVAILABLE" in refusal(lab)
        with clients.connect_pop(lab) as pop:
            pop.user(BOB)
            with pytest.raises(poplib.error_proto, match=r"SYS/TEMP"):
                pop.pass_(lab.password(BOB))
    finally:
        lab.back.run("systemctl start dovecot")
    until(lambda: not refusal(lab), "a login once the back end is there again")
