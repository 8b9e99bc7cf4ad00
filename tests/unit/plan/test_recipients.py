from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailpair.plan import recipients
from mailpair.site.model import Kind
from tests.unit.plan.sites import mailbox, site

if TYPE_CHECKING:
    from mailpair.site.model import Mailbox

FQDNS = {"back1": "back1.contoso.test", "back2": "back2.contoso.test"}
ADA = mailbox("ada@contoso.test", "ada.lovelace@contoso.test")
BOB = mailbox("bob@contoso.test", server="back2")
ADMINISTRATOR = mailbox("administrator@contoso.test", kind=Kind.ADMINISTRATOR)
SECOND = mailbox("second@contoso.test", kind=Kind.ADMINISTRATOR)
POSTMASTER = mailbox("pat@contoso.test", "postmaster@contoso.test")
NOBODIES = (mailbox("anonymous@contoso.test", kind=Kind.ANONYMOUS), mailbox("guest@contoso.test", kind=Kind.GUEST))


def pairs(entries: tuple[recipients.Entry, ...]) -> list[tuple[str, str]]:
    return [(entry.key, entry.value) for entry in entries]


def test_each_mailbox_is_reached_on_its_own_back_end() -> None:
    assert pairs(recipients.mailboxes(site(mailboxes=(ADA, BOB)), FQDNS)) == [
        ("ada@contoso.test", "lmtp:[back1.contoso.test]:24"),
        ("bob@contoso.test", "lmtp:[back2.contoso.test]:24"),
    ]


def test_nobody_writes_to_accounts_that_nobody_opens() -> None:
    accounts = site(mailboxes=(ADMINISTRATOR, *NOBODIES))
    assert [entry.key for entry in recipients.mailboxes(accounts, FQDNS)] == ["administrator@contoso.test"]


@pytest.mark.parametrize(
    ("mailboxes", "expected"),
    [
        ((ADA,), [("ada.lovelace@contoso.test", "ada@contoso.test")]),
        (
            (ADMINISTRATOR,),
            [
                ("postmaster@contoso.test", "administrator@contoso.test"),
                ("abuse@contoso.test", "administrator@contoso.test"),
            ],
        ),
        (
            (ADMINISTRATOR, POSTMASTER),
            [
                ("postmaster@contoso.test", "pat@contoso.test"),
                ("abuse@contoso.test", "administrator@contoso.test"),
            ],
        ),
        (
            (ADMINISTRATOR, mailbox("abuse@contoso.test"), SECOND),
            [("postmaster@contoso.test", "administrator@contoso.test, second@contoso.test")],
        ),
    ],
)
def test_further_addresses(mailboxes: tuple[Mailbox, ...], expected: list[tuple[str, str]]) -> None:
    assert pairs(recipients.aliases(site(mailboxes=mailboxes))) == expected


def test_role_addresses_exist_in_each_domain() -> None:
    both = site(accepted_domains=("contoso.test", "fabrikam.test"), mailboxes=(ADMINISTRATOR,))
    assert [entry.key for entry in recipients.aliases(both)] == [
        "postmaster@contoso.test",
        "abuse@contoso.test",
        "postmaster@fabrikam.test",
        "abuse@fabrikam.test",
    ]


def test_users_send_from_their_own_addresses_and_nobody_else_sends() -> None:
    assert pairs(recipients.senders(site(mailboxes=(ADA, BOB, ADMINISTRATOR, *NOBODIES)))) == [
        ("ada@contoso.test", "ada@contoso.test"),
        ("ada.lovelace@contoso.test", "ada@contoso.test"),
        ("bob@contoso.test", "bob@contoso.test"),
    ]
