"""How large mailboxes may grow: Set-MailboxDatabase for all, Set-Mailbox for one."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN
from mailpair.settings.quantities import size_limit
from mailpair.settings.record import Answer, Group, Parameter

_TB = 1 << 40
_SIZE = size_limit(0, 2 * _TB - 1)
_OWN = "unlimited; with use_database_quota_defaults, mailbox_database's"

_QUOTAS = (
    (
        "issue_warning_quota",
        "IssueWarningQuota",
        "1.899 GB (2,039,480,320 bytes)",
        "At which size a mailbox gets a message that says so, once each time it grows past it.",
        "Dovecot's quota_warning and a program of ours",
        Answer.BUILT,
        "test_a_warning_comes_once",
    ),
    (
        "prohibit_send_quota",
        "ProhibitSendQuota",
        "2 GB",
        "From which size on its owner can send no more; mail still comes in.",
        "the milter mailpair-quota asks the back end",
        Answer.BUILT,
        "test_who_is_over_sends_no_more_and_still_gets_mail",
    ),
    (
        "prohibit_send_receive_quota",
        "ProhibitSendReceiveQuota",
        "2.3 GB (2,469,396,480 bytes)",
        "From which size on it takes no more mail, over SMTP and IMAP4; the message that reaches it still fits.",
        "Dovecot's quota_storage_size",
        Answer.NATIVE,
        "test_a_full_mailbox_refuses_and_is_served_again_when_there_is_room",
    ),
)

MAILBOX_DATABASE = Group(
    "mailbox_database",
    "Quotas of all mailboxes that have none of their own (Set-MailboxDatabase). None may be above the next one.",
    tuple(
        Parameter(
            name=name,
            notation=_SIZE,
            default=size,
            answer=answer,
            source=f"Set-MailboxDatabase -{parameter}",
            text=text,
            test=f"tests/e2e/test_quota.py::{test}",
            how=how,
        )
        for name, parameter, size, text, how, answer, test in _QUOTAS
    ),
)

QUOTAS = (
    Parameter(
        name="use_database_quota_defaults",
        notation=BOOLEAN,
        default=True,
        answer=Answer.NATIVE,
        source="Set-Mailbox -UseDatabaseQuotaDefaults",
        text="Whether the quotas of mailbox_database hold; it must be false before the mailbox may have its own.",
        test="tests/e2e/test_quota.py::test_a_mailbox_has_quotas_of_its_own_and_a_change_holds_at_once",
        how="fields of the mailbox in the back end's directory",
    ),
    *(
        Parameter(
            name=name,
            notation=_SIZE,
            unsaid=_OWN,
            only_while=("use_database_quota_defaults", False),
            answer=answer,
            source=f"Set-Mailbox -{parameter}",
            text=text,
            test="tests/e2e/test_quota.py::test_a_mailbox_has_quotas_of_its_own_and_a_change_holds_at_once",
            exchange_default="unlimited",
            how=how,
        )
        for name, parameter, _, text, how, answer, _ in _QUOTAS
    ),
)
