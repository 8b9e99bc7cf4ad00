"""How many wrong passwords there may be before somebody is slowed down."""

from __future__ import annotations

from mailpair.settings.quantities import limit
from mailpair.settings.record import Answer, Group, Parameter

_MOST = 1_000_000

_NUMBER = limit(1, _MOST, unlimited=True)
_SOURCE = "none; the account lockout policy of Active Directory"
_HOW = "Dovecot asks mailpair-sessions before it looks at a password; the hour fills what is used up, bit by bit"

WRONG_PASSWORDS = Group(
    "wrong_passwords",
    "Wrong passwords in an hour over POP3, IMAP4, SMTP and at the page together, at all front ends. Where there were "
    "as many, further ones are answered like a wrong password and not looked at. A client that has signed in to the "
    "mailbox before is slowed down and never refused. See docs/guessing.md.",
    (
        Parameter(
            name="per_client_and_mailbox",
            notation=_NUMBER,
            default=10,
            answer=Answer.OURS,
            source=_SOURCE,
            text="From one client (an IPv4 address, or an IPv6 network of 64 bits) for one mailbox.",
            test="tests/e2e/security/test_guessing.py::test_guesses_for_one_mailbox_are_held_and_its_owner_gets_in",
            how=_HOW,
        ),
        Parameter(
            name="per_client",
            notation=_NUMBER,
            default=100,
            answer=Answer.OURS,
            source=_SOURCE,
            text="From one client for all mailboxes together that it has not signed in to before.",
            test="tests/e2e/security/test_guessing.py::test_a_thousand_guesses_of_one_client_are_held",
            how=_HOW,
        ),
        Parameter(
            name="per_mailbox",
            notation=_NUMBER,
            default=100,
            answer=Answer.OURS,
            source=_SOURCE,
            text="For one mailbox from all clients together that have not signed in to it before.",
            test="tests/e2e/security/test_guessing.py::test_one_guess_of_each_of_many_clients_is_held",
            how=_HOW,
        ),
    ),
)
