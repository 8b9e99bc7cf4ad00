"""Mailboxes: Set-CASMailbox, Set-Mailbox, and what kind of account each is."""

from __future__ import annotations

from mailpair.settings.calendars import EXACT_SIZE, MIME_FORMAT, NO_SUPPRESSION
from mailpair.settings.names import ADDRESS, SERVER
from mailpair.settings.notation import BOOLEAN, ListOf, word
from mailpair.settings.quotas import QUOTAS
from mailpair.settings.record import WORD_FOR_WORD, Answer, Group, Parameter
from mailpair.settings.strangers import OF_MAILBOXES
from mailpair.settings.values import Kind

_ONLY_USERS = "true for kind user; no other kind may have it"

_ACCOUNT = (
    Parameter(
        name="server",
        notation=SERVER,
        answer=Answer.NATIVE,
        source="Get-Mailbox, ServerName",
        text="The back end that holds the mailbox.",
        test="tests/e2e/test_reading.py::test_a_message_is_read_over_imap",
        required=True,
    ),
    Parameter(
        name="kind",
        notation=word(Kind),
        default="user",
        answer=Answer.NATIVE,
        source="the accounts that Exchange Server 2013 keeps from POP3 and IMAP4",
        text=(
            "Only a user's mailbox opens over POP3 and IMAP4. An administrator's mailbox receives mail and is read "
            "on its back end. Anonymous and guest have no rights: they have no further addresses and get no mail."
        ),
        test="tests/e2e/test_refusals.py::test_every_refused_login_reads_the_same",
    ),
    Parameter(
        name="account_disabled",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-Mailbox -AccountDisabled",
        text="Whether its owner can sign in nowhere. Mail still comes in.",
        test="tests/e2e/test_mailbox_life.py::test_a_disabled_account_signs_in_nowhere_and_gets_mail",
        how="the account is not in the front ends' directories; its sessions end, of SMTP at the next message",
    ),
    Parameter(
        name="email_addresses",
        notation=ListOf(ADDRESS),
        default=[],
        answer=Answer.NATIVE,
        source="Set-Mailbox -EmailAddresses",
        text=(
            "Further addresses that reach the mailbox and that its owner may send from. postmaster and abuse of "
            "each accepted domain reach the administrators' mailboxes, unless another one has them."
        ),
        test="tests/e2e/test_settings.py::test_a_further_address_reaches_its_mailbox_and_may_be_sent_from",
    ),
)


def _protocol(prefix: str, spoken: str) -> tuple[Parameter, ...]:
    name = prefix.lower()
    return (
        Parameter(
            name=f"{name}_enabled",
            notation=BOOLEAN,
            unsaid=_ONLY_USERS,
            answer=Answer.NATIVE,
            source=f"Set-CASMailbox -{prefix}Enabled",
            text=f"Whether its owner may use {spoken}.",
            test="tests/e2e/test_refusals.py::test_a_switched_off_protocol_leaves_the_other_on",
            how="the account is not in the front ends' directory of the protocol",
        ),
        Parameter(
            name=f"{name}_use_protocol_defaults",
            notation=BOOLEAN,
            default=True,
            answer=Answer.NATIVE,
            source=f"Set-CASMailbox -{prefix}UseProtocolDefaults",
            text=(
                f"Whether {name}_settings say how messages look; it must be false before the mailbox may have its own "
                f"{name}_force_ical_for_calendar_retrieval_option, {name}_enable_exact_rfc822_size, "
                f"{name}_messages_retrieval_mime_format and {name}_suppress_read_receipt."
            ),
            test="tests/e2e/test_calendar.py::test_a_mailbox_may_get_meeting_requests_as_they_are",
        ),
        Parameter(
            name=f"{name}_force_ical_for_calendar_retrieval_option",
            notation=BOOLEAN,
            unsaid="false",
            only_while=(f"{name}_use_protocol_defaults", False),
            answer=Answer.BUILT,
            source=f"Set-CASMailbox -{prefix}ForceICalForCalendarRetrievalOption",
            text=(
                "Whether a meeting request comes as it is, whatever calendar_item_retrieval_option says. The same for "
                "POP3 and IMAP4, which share one store."
            ),
            test="tests/e2e/test_calendar.py::test_a_mailbox_may_get_meeting_requests_as_they_are",
            how="the mailbox's mail does not pass the filter as it is delivered",
        ),
        Parameter(
            name=f"{name}_enable_exact_rfc822_size",
            notation=EXACT_SIZE,
            unsaid=f"as in {name}_settings",
            only_while=(f"{name}_use_protocol_defaults", False),
            answer=Answer.FIXED,
            source=f"Set-CASMailbox -{prefix}EnableExactRFC822Size",
            text="Whether the size that is told is that of what is fetched: always.",
            test="tests/e2e/test_calendar.py::test_a_link_stands_in_the_place_of_a_meeting_request",
            exchange_default="false",
        ),
        Parameter(
            name=f"{name}_messages_retrieval_mime_format",
            notation=MIME_FORMAT,
            unsaid=f"as in {name}_settings",
            only_while=(f"{name}_use_protocol_defaults", False),
            answer=Answer.REFUSED,
            source=f"Set-CASMailbox -{prefix}MessagesRetrievalMimeFormat",
            text="Only BestBodyFormat (5) is taken: messages are not converted.",
            test=WORD_FOR_WORD,
        ),
        Parameter(
            name=f"{name}_suppress_read_receipt",
            notation=NO_SUPPRESSION,
            unsaid=f"as in {name}_settings",
            only_while=(f"{name}_use_protocol_defaults", False),
            answer=Answer.REFUSED,
            source=f"Set-CASMailbox -{prefix}SuppressReadReceipt",
            text="Only false is taken: it is mail programs that send receipts.",
            test=WORD_FOR_WORD,
        ),
    )


MAILBOX = Group(
    "mailboxes",
    "Mailboxes, each under its address, which is also the name to sign in with. Problems call it mailboxes[ADDRESS].",
    (*_ACCOUNT, *_protocol("Pop", "POP3"), *_protocol("Imap", "IMAP4"), *QUOTAS),
    OF_MAILBOXES,
)
