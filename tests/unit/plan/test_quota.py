from __future__ import annotations

from dataclasses import replace

import pytest

from mailpair.plan import mailbox, quota
from mailpair.plan.quota import NO_LIMIT
from mailpair.servers import Role, Server
from mailpair.site.model import Kind, Mailbox, MailboxDatabase
from tests.unit.plan.sites import mailbox as box
from tests.unit.plan.sites import receive, site

MB = 1 << 20
DATABASE = MailboxDatabase(10 * MB, 20 * MB, 30 * MB)
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
FQDNS = {"back1": "back1.contoso.test"}
CONNECTORS = (receive(max_message_size=5 * MB), receive("Off", max_message_size=9 * MB, enabled=False))


def own(warning: int | None, send: int | None, both: int | None, name: str = "ada") -> Mailbox:
    return replace(
        box(f"{name}@contoso.test"),
        use_database_quota_defaults=False,
        issue_warning_quota=warning,
        prohibit_send_quota=send,
        prohibit_send_receive_quota=both,
    )


def test_the_message_that_reaches_a_limit_fits_if_any_connector_takes_it() -> None:
    planned = quota.back_end(site(mailbox_database=DATABASE, receive_connectors=CONNECTORS))
    assert (planned.size, planned.grace, planned.warning) == (30 * MB, 5 * MB, 10 * MB)


def test_unlimited_is_a_number_that_nobody_reaches() -> None:
    planned = quota.back_end(site(mailbox_database=MailboxDatabase(None, None, None)))
    assert (planned.size, planned.warning) == (NO_LIMIT, NO_LIMIT)


@pytest.mark.parametrize("database", [DATABASE, MailboxDatabase(1, 2, 3), MailboxDatabase(None, None, None)])
@pytest.mark.parametrize(
    ("mine", "fields"),
    [
        (box("ada@contoso.test"), ()),
        (
            own(10 * MB, 20 * MB, None),
            (
                f"userdb_quota_storage_size={NO_LIMIT}",
                f"userdb_quota/Mailbox/quota_warning/warn/quota_storage_size={10 * MB}",
            ),
        ),
        (
            own(1, 2, 3),
            ("userdb_quota_storage_size=3", "userdb_quota/Mailbox/quota_warning/warn/quota_storage_size=1"),
        ),
    ],
)
def test_a_mailbox_says_its_own_and_a_change_of_the_database_s_changes_nothing_in_it(
    database: MailboxDatabase, mine: Mailbox, fields: tuple[str, ...]
) -> None:
    planned = mailbox.plan(site(mailbox_database=database, mailboxes=(mine,)), (BACK,), BACK)
    assert planned.mailboxes == (mailbox.Account("ada@contoso.test", fields),)


def test_front_ends_ask_with_the_message_that_fills_what_is_left() -> None:
    whole = site(
        receive_connectors=CONNECTORS,
        mailboxes=(own(10 * MB, 20 * MB, 30 * MB), own(None, 20 * MB, None, "bob"), own(None, None, None, "carol")),
    )
    assert quota.plan(whole, (BACK,)).tables["mailboxes"].rows == (
        ("ada@contoso.test", "back1.contoso.test", 15 * MB + 1, 5 * MB + 1),
        ("bob@contoso.test", "back1.contoso.test", NO_LIMIT - 15 * MB + 1, None),
    )


def test_only_users_send_and_only_who_gets_mail_can_be_full() -> None:
    whole = site(
        mailboxes=(
            replace(own(1, 2, 3, "administrator"), kind=Kind.ADMINISTRATOR, email_addresses=("root@contoso.test",)),
            replace(own(1, 2, 3, "guest"), kind=Kind.GUEST),
        ),
    )
    gate = quota.gate(whole, FQDNS)
    assert [(address, send) for address, _, send, _ in gate["mailboxes"].rows] == [("administrator@contoso.test", None)]
    assert gate["aliases"].rows == (
        ("root@contoso.test", "administrator@contoso.test", "administrator@contoso.test"),
        ("postmaster@contoso.test", "administrator@contoso.test", ""),
        ("abuse@contoso.test", "administrator@contoso.test", ""),
    )
