"""What a power failure leaves at the ends of Dovecot's index logs, and that users are told nothing of it.

test_power.py lets the power fail; here is by hand what it leaves there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.support import clients

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

ADA = "ada@contoso.test"
MESSAGE = b"Subject: one\r\n\r\nGood morning.\r\n"


def test_a_log_that_has_grown_and_says_nothing_there_is_mended_at_boot(lab: Lab) -> None:
    folder = clients.unique("logs").replace(" ", "-")
    with clients.imap(lab, ADA) as client:
        clients.ok(client.create(folder))
        clients.ok(client.append(folder, "", "", MESSAGE))
    home = lab.back.run(f"doveadm user -f home {ADA}").strip()
    for log in (f"{home}/Maildir/.{folder}/dovecot.index.log", f"{home}/Maildir/dovecot.list.index.log"):
        lab.back.run(f"truncate --size=+200 {log}")
    lab.back.run("systemctl restart mailpair-index-logs")
    with clients.imap(lab, ADA) as client:
        clients.ok(client.select(folder))
        clients.ok(client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
        clients.ok(client.append(folder, "", "", MESSAGE))
        clients.ok(client.getquotaroot("INBOX"))
        assert len(clients.ok(client.search(None, "ALL"))[0].split()) == 2
        clients.ok(client.delete(folder))


def test_dovecot_waits_for_that_when_it_starts(lab: Lab) -> None:
    said = lab.back.run("systemctl show dovecot --property=Wants,After")
    assert [line for line in said.splitlines() if "mailpair-index-logs.service" not in line.split("=")[1].split()] == []
    assert "Result=success" in lab.back.run("systemctl show mailpair-index-logs --property=Result")
