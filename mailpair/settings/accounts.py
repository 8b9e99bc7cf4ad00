"""Mailboxes: Set-CASMailbox, Set-Mailbox, and what kind of account each is."""

from __future__ import annotations

from mailpair.settings.names import ADDRESS, SERVER
from mailpair.settings.notation import BOOLEAN, ListOf, word
from mailpair.settings.record import Answer, Group, Parameter
from mailpair.settings.values import Kind

_ONLY_USERS = "true for kind user; no other kind may have it"

MAILBOX = Group(
    "mailboxes",
    "Mailboxes, each under its address, which is also the name to sign in with. Problems call it mailboxes[ADDRESS].",
    (
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
            name="pop_enabled",
            notation=BOOLEAN,
            unsaid=_ONLY_USERS,
            answer=Answer.NATIVE,
            source="Set-CASMailbox -PopEnabled",
            text="Whether its owner may use POP3.",
            test="tests/e2e/test_refusals.py::test_a_switched_off_protocol_leaves_the_other_on",
        ),
        Parameter(
            name="imap_enabled",
            notation=BOOLEAN,
            unsaid=_ONLY_USERS,
            answer=Answer.NATIVE,
            source="Set-CASMailbox -ImapEnabled",
            text="Whether its owner may use IMAP4.",
            test="tests/e2e/test_refusals.py::test_a_switched_off_protocol_leaves_the_other_on",
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
    ),
)
