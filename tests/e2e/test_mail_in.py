"""Mail from outside, through the connector Default Frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients, world
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside

BOB, STRANGER = "bob@contoso.test", "stranger@fabrikam.test"
TAKEN, NO_RELAY = (250, "2.1.5 Ok"), (554, "5.7.1 <{}>: Relay access denied")
UNKNOWN = (550, "5.1.1 <{}>: Recipient address rejected: no such mailbox")


def test_a_stranger_writes_to_bob(lab: Lab, outside: Outside) -> None:
    subject = clients.unique("from outside")
    assert world.send(outside, lab.front.address, STRANGER, BOB, subject)[0] == 250
    with clients.imap(lab, BOB) as client:
        number = clients.wait_for_message(client, subject)
        assert outside.address.encode() in clients.fetch(client, number, "BODY.PEEK[HEADER.FIELDS (RECEIVED)]")
        assert f"<{STRANGER}>".encode() in clients.fetch(client, number, "BODY.PEEK[HEADER.FIELDS (RETURN-PATH)]")


@pytest.mark.parametrize("recipient", ["postmaster@contoso.test", "abuse@contoso.test", "postmaster", "Postmaster"])
def test_somebody_reads_what_every_domain_must_take(lab: Lab, outside: Outside, recipient: str) -> None:
    subject = clients.unique("complaint")
    assert world.send(outside, lab.front.address, "", recipient, subject)[0] == 250
    in_the_administrators_mailbox(lab, f"subject '{subject}'")


def test_what_can_not_be_returned_reaches_the_postmaster(lab: Lab) -> None:
    subject = clients.unique("from nowhere")
    # On the front end itself nothing is checked before it is queued; no send connector leads back to the sender.
    lab.front.run(f"sendmail -f {STRANGER} nobody@contoso.test", stdin=f"Subject: {subject}\n\nGood morning.\n")
    in_the_administrators_mailbox(lab, f"subject 'Postmaster Copy' text '{subject}'")


def in_the_administrators_mailbox(lab: Lab, what: str) -> None:
    """Waits for a message that a search of Dovecot's finds."""
    search = f"doveadm search -u administrator@contoso.test mailbox INBOX {what}"
    until(lambda: lab.back.run(search), f"a message with {what} in the administrator's mailbox")


@pytest.mark.parametrize(
    ("sender", "recipient", "expected"),
    [
        (STRANGER, BOB, TAKEN),
        ("", BOB, TAKEN),
        (STRANGER, "BOB@Contoso.Test", TAKEN),
        (STRANGER, "nobody@contoso.test", UNKNOWN),
        (STRANGER, "guest@contoso.test", UNKNOWN),
        (STRANGER, "bob@[127.0.0.1]", UNKNOWN),
        (STRANGER, "root@[127.0.0.1]", UNKNOWN),
        (STRANGER, "somebody@litware.test", NO_RELAY),
        ("", "somebody@litware.test", NO_RELAY),
        (STRANGER, "somebody%litware.test@contoso.test", NO_RELAY),
        (STRANGER, '"somebody@litware.test"@contoso.test', (554, None)),
        (STRANGER, "@contoso.test:somebody@litware.test", (554, None)),
        (STRANGER, "litware.test!somebody", (None, None)),
        (BOB, BOB, (550, f"5.7.60 <{BOB}>: Sender address rejected: senders of this domain sign in")),
        (
            "x@contoso.test",
            BOB,
            (550, "5.7.60 <x@contoso.test>: Sender address rejected: senders of this domain sign in"),
        ),
        ("x@lists.contoso.test", BOB, TAKEN),
    ],
)
def test_whom_a_stranger_may_write_to(
    lab: Lab, outside: Outside, sender: str, recipient: str, expected: tuple[int | None, str | None]
) -> None:
    commands = ["EHLO outside.test", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"]
    code, text = world.say(outside, lab.front.address, 25, commands)[-1]
    wanted_code, wanted_text = expected
    assert code == wanted_code if wanted_code else code >= 500
    assert wanted_text is None or text == wanted_text.format(recipient)


def test_tls_is_offered_and_no_login(lab: Lab, outside: Outside) -> None:
    in_the_clear = world.say(outside, lab.front.address, 25, ["EHLO outside.test", "AUTH PLAIN AGFkYQB4"])
    under_tls = world.say(outside, lab.front.address, 25, ["EHLO outside.test", "AUTH PLAIN AGFkYQB4"], tls=True)
    assert "STARTTLS" in in_the_clear[1][1].splitlines()
    assert under_tls[1][0] == 220
    for offers, answer in (in_the_clear[-2:], under_tls[-2:]):
        assert not [line for line in offers[1].splitlines() if line.startswith("AUTH")]
        assert answer == (503, "5.5.1 Error: authentication not enabled")
