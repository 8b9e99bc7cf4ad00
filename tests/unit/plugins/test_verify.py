"""The action verify: which mailboxes it takes, what it says, and how a failure reads."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.mailpair.mail.plugins.action import verify
from ansible_collections.mailpair.mail.plugins.plugin_utils import connectivity
from ansible_collections.mailpair.mail.plugins.plugin_utils.connectivity import ConnectivityError, Place, Step, User

from mailpair.site.model import Kind, Mailbox
from mailpair.state import SiteState
from tests.unit.plan.sites import site
from tests.unit.sites import default_mailbox

if TYPE_CHECKING:
    from pathlib import Path

USER = User("ada@contoso.test", "secret", "/ca.pem", 5.0)


def box(name: str, server: str = "back1", *, kind: Kind = Kind.USER, pop: bool = True, imap: bool = True) -> Mailbox:
    return replace(
        default_mailbox(),
        address=f"{name}@contoso.test",
        server=server,
        kind=kind,
        pop_enabled=pop,
        imap_enabled=imap,
    )


@pytest.fixture
def state(tmp_path: Path) -> SiteState:
    """A private folder in which everybody but bob has a password."""
    folder = tmp_path / "private" / "passwords"
    folder.mkdir(parents=True)
    for name in ("ada", "carol", "dora", "guest"):
        (folder / f"{name}@contoso.test").write_text("secret\n")
    return SiteState(tmp_path)


@pytest.mark.parametrize(
    ("mailboxes", "named", "expected"),
    [
        ([box("ada"), box("carol")], None, ["ada"]),
        ([box("ada", pop=False), box("carol")], None, ["carol"]),
        ([box("ada", pop=False)], None, ["ada"]),
        ([box("bob"), box("carol")], None, ["carol"]),
        ([box("ada", "back2"), box("carol"), box("dora", "back2")], None, ["carol", "ada"]),
        ([box("ada"), box("carol")], "carol@contoso.test", ["carol"]),
        ([box("ada"), box("carol")], "Carol@Contoso.Test", ["carol"]),
    ],
)
def test_which_mailboxes_are_tried(
    state: SiteState, mailboxes: list[Mailbox], named: str | None, expected: list[str]
) -> None:
    found = verify.chosen(site(mailboxes=tuple(mailboxes)), state, named)
    assert [each.address for each in found] == [f"{name}@contoso.test" for name in expected]


@pytest.mark.parametrize(
    ("mailboxes", "named", "what"),
    [
        ([box("bob")], None, "a mailbox of kind user"),
        ([box("ada")], "bob@contoso.test", "bob@contoso.test"),
        ([box("guest", kind=Kind.GUEST)], "guest@contoso.test", "guest@contoso.test"),
    ],
)
def test_no_mailbox_to_try(state: SiteState, mailboxes: list[Mailbox], named: str | None, what: str) -> None:
    with pytest.raises(AnsibleActionFail) as refused:
        verify.chosen(site(mailboxes=tuple(mailboxes)), state, named)
    assert str(refused.value) == (
        f"mailbox: {what}: must be a user's mailbox whose password is in {state.root / 'passwords'}; name one that is, "
        "or write its password into the file that has its address as its name"
    )


def test_the_report_is_a_table() -> None:
    steps = [
        Step("ImapConnectivity SSL 192.0.2.1:993", "ada@contoso.test", 12),
        Step("Mailflow send", "ada@contoso.test", 1234, "no"),
    ]
    assert verify.report(steps) == [
        "Step                                Mailbox             ms  Result",
        "ImapConnectivity SSL 192.0.2.1:993  ada@contoso.test    12  passed",
        "Mailflow send                       ada@contoso.test  1234  no",
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "nothing listens there"),
        (TimeoutError("timed out"), "no answer within 5 s"),
        (imaplib.IMAP4.error(b"[AUTHENTICATIONFAILED] no"), "answered [AUTHENTICATIONFAILED] no"),
        (poplib.error_proto(b"-ERR [AUTH] no"), "answered -ERR [AUTH] no"),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 no"), "answered 535 5.7.8 no"),
        (smtplib.SMTPRecipientsRefused({"a@b.test": (550, b"5.1.1 unknown")}), "answered 550 5.1.1 unknown"),
        (ConnectivityError("the message did not arrive within 5 s"), "the message did not arrive within 5 s"),
        (EOFError(), "EOFError"),
    ],
)
def test_how_a_failure_reads(error: Exception, reason: str) -> None:
    def fail() -> None:
        raise error

    step = connectivity.attempt("Mailflow send", USER, fail)
    assert (step.name, step.mailbox, step.reason) == ("Mailflow send", USER.mailbox, reason)


def test_a_certificate_that_is_not_to_be_trusted() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "Hostname mismatch"

    def fail() -> None:
        raise error

    reason = connectivity.attempt("x", USER, fail).reason
    assert reason == "the certificate is not to be trusted: Hostname mismatch"


def test_nothing_is_read_that_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(connectivity, "send", refuse)
    places = [Place("IMAP", "192.0.2.1", 993, "SSL", "mail"), Place("SMTP", "192.0.2.1", 587, "TLS", "mail")]
    assert [step.name for step in verify.mail_flow(places, USER)] == ["Mailflow send"]
