"""Who may send through the connector Client Frontend, in whose name and to whom."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
ALIAS = "ada.lovelace@contoso.test"
WRONG = "wr0ng-pa55word-of-the-tests"


@pytest.fixture
def ada(lab: Lab) -> Iterator[smtplib.SMTP]:
    """Ada, signed in on 587."""
    with clients.connect_smtp(lab) as client:
        client.login(ADA, lab.password(ADA))
        yield client


def test_nothing_is_taken_before_tls(lab: Lab) -> None:
    with smtplib.SMTP(lab.front.address, 587) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd(f"MAIL FROM:<{ADA}>") == (530, b"5.7.0 Must issue a STARTTLS command first")
        assert client.docmd("AUTH PLAIN AGFkYQB4")[0] == 530


def test_nothing_is_taken_before_a_login(lab: Lab) -> None:
    with clients.connect_smtp(lab) as client:
        assert client.mail(ADA)[0] == 250
        code, text = client.rcpt(BOB)
        assert (code, text.endswith(b"Authentication required")) == (530, True)


@pytest.mark.parametrize(
    ("address", "right"),
    [
        (ADA, False),
        ("nobody@contoso.test", False),
        ("administrator@contoso.test", True),
        ("guest@contoso.test", True),
        ("anonymous@contoso.test", True),
    ],
)
def test_who_may_not_sign_in(lab: Lab, address: str, right: bool) -> None:
    with clients.connect_smtp(lab) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        client.login(address, lab.password(address) if right else WRONG)
    assert refused.value.smtp_code == 535


@pytest.mark.parametrize("sender", [ADA, ALIAS, "ADA@contoso.test", ""])
def test_own_addresses_may_send(ada: smtplib.SMTP, sender: str) -> None:
    assert ada.mail(sender)[0] == 250
    assert ada.rcpt(BOB)[0] == 250


@pytest.mark.parametrize("sender", [BOB, "nobody@contoso.test", "postmaster@contoso.test", "ada@fabrikam.test"])
def test_no_other_address_may_be_sent_from(ada: smtplib.SMTP, sender: str) -> None:
    assert ada.mail(sender)[0] == 250
    answer = f"5.7.1 <{sender}>: Sender address rejected: not owned by user {ADA}"
    assert ada.rcpt(BOB) == (553, answer.encode())


@pytest.mark.parametrize(
    ("recipient", "answer"),
    [
        ("nobody@contoso.test", "550 5.1.1 <{}>: Recipient address rejected: no such mailbox"),
        ("guest@contoso.test", "550 5.1.1 <{}>: Recipient address rejected: no such mailbox"),
        ("anonymous@contoso.test", "550 5.1.1 <{}>: Recipient address rejected: no such mailbox"),
        ("bob", "504 5.5.2 <{}>: Recipient address rejected: need fully-qualified address"),
        (
            "somebody@fabrikam.test",
            "550 5.4.4 <{}>: Recipient address rejected: no send connector of this site covers this address",
        ),
    ],
)
def test_recipients_that_are_refused(ada: smtplib.SMTP, recipient: str, answer: str) -> None:
    ada.mail(ADA)
    code, text = ada.rcpt(recipient)
    assert f"{code} {text.decode()}" == answer.format(recipient)


def test_further_addresses_reach_their_mailbox(lab: Lab) -> None:
    subject = clients.unique("alias")
    clients.submit(lab, BOB, ALIAS, subject)
    with clients.imap(lab, ADA) as client:
        clients.wait_for_message(client, subject)


def test_a_message_may_be_so_large(ada: smtplib.SMTP) -> None:
    limit = int(ada.esmtp_features["size"])
    assert limit == 36 * 1024 * 1024
    assert ada.mail(ADA, [f"SIZE={limit + 1}"])[0] == 552


@pytest.mark.parametrize("port", [25, 587])
def test_nothing_is_told_to_the_curious(lab: Lab, port: int) -> None:
    name = "mail.contoso.test" if port == 587 else lab.front.fqdn
    with smtplib.SMTP() as client:
        assert client.connect(lab.front.address, port) == (220, f"{name} ESMTP".encode())
    with clients.connect_smtp(lab, port=port) as client:
        assert {"vrfy", "etrn", "xclient", "xforward", "smtputf8"}.isdisjoint(client.esmtp_features)
        assert client.verify(BOB)[0] == 502
        assert client.docmd(f"EXPN {BOB}")[0] == 500
        assert client.docmd("ETRN contoso.test")[0] == {25: 554, 587: 530}[port]
