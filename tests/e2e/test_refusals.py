"""Who does not get in, and that every refusal reads the same."""

from __future__ import annotations

import base64
import imaplib
import poplib
import smtplib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients, hashes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.support.lab import Lab

ADA, BOB, CAROL, DORA = (f"{name}@contoso.test" for name in ("ada", "bob", "carol", "dora"))
WRONG = "wr0ng-pa55word-of-the-tests"


def plain(identity: str, address: str, password: str) -> str:
    """The one message of SASL PLAIN."""
    return base64.b64encode(f"{identity}\0{address}\0{password}".encode()).decode()


# --- without TLS ----------------------------------------------------------------------------------------------------


def test_imap_offers_no_login_before_starttls(lab: Lab) -> None:
    with clients.connect_imap(lab, "none") as client:
        assert "LOGINDISABLED" in client.capabilities
        assert "STARTTLS" in client.capabilities
        assert not [word for word in client.capabilities if word.startswith("AUTH=")]


def test_imap_refuses_a_login_before_starttls(lab: Lab) -> None:
    with clients.connect_imap(lab, "none") as client:
        with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
            client.login(ADA, WRONG)
        with pytest.raises(imaplib.IMAP4.error):
            client.authenticate("PLAIN", lambda _: f"\0{ADA}\0{WRONG}".encode())


def test_pop_offers_no_login_before_stls(lab: Lab) -> None:
    with clients.connect_pop(lab, "none") as client:
        offered = client.capa()
        assert "STLS" in offered
        assert "USER" not in offered
        assert not offered.get("SASL")


@pytest.mark.parametrize("command", [f"USER {ADA}", f"AUTH PLAIN {plain('', ADA, WRONG)}"])
def test_pop_refuses_a_login_before_stls(lab: Lab, command: str) -> None:
    with clients.connect_pop(lab, "none") as client, pytest.raises(poplib.error_proto, match="-ERR"):
        client._shortcmd(command)  # type: ignore[attr-defined]  # what a client says, as it stands


# --- with TLS -------------------------------------------------------------------------------------------------------


def imap_answer(lab: Lab, address: str, password: str) -> str:
    """What a failed IMAP login is told."""
    with clients.connect_imap(lab) as client, pytest.raises(imaplib.IMAP4.error) as refused:
        client.login(address, password)
    return str(refused.value)


def pop_answer(lab: Lab, address: str, password: str) -> str:
    """What a failed POP3 login is told."""
    with clients.connect_pop(lab) as client:
        client.user(address)
        with pytest.raises(poplib.error_proto) as refused:
            client.pass_(password)
    return str(refused.value)


ANSWERS: dict[str, Callable[[Lab, str, str], str]] = {"imap": imap_answer, "pop": pop_answer}

# Who is refused, and whether with the right password.
STRANGERS = {
    "a wrong password": (ADA, False),
    "no such mailbox": ("nobody@contoso.test", False),
    "a foreign domain": ("ada@fabrikam.test", False),
    "the administrator": ("administrator@contoso.test", True),
    "the guest": ("guest@contoso.test", True),
    "the anonymous account": ("anonymous@contoso.test", True),
    "the administrator's other address": ("postmaster@contoso.test", False),
    "a master user": (f"{BOB}*{ADA}", False),
}


@pytest.mark.parametrize("protocol", ANSWERS)
def test_every_refused_login_reads_the_same(lab: Lab, protocol: str) -> None:
    off = {"imap": DORA, "pop": CAROL}[protocol]
    attempts = STRANGERS | {"off for the mailbox": (off, True), "off, and a wrong password": (off, False)}

    def attempt(who: str) -> str:
        address, right = attempts[who]
        return ANSWERS[protocol](lab, address, lab.password(address) if right else WRONG)

    with ThreadPoolExecutor() as pool:  # each refusal takes the server two seconds, on purpose
        answers = dict(zip(attempts, pool.map(attempt, attempts), strict=True))
    assert set(answers.values()) == {answers["a wrong password"]}, answers


def smtp_answer(lab: Lab, address: str, password: str) -> str:
    """What a failed login to the receive connector is told."""
    with clients.connect_smtp(lab) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        client.login(address, password)
    return str(refused.value)


@pytest.mark.parametrize("address", [ADA, "nobody@contoso.test", "administrator@contoso.test", "nobody@decoy.invalid"])
@pytest.mark.parametrize("protocol", [*ANSWERS, "smtp"])
def test_whoever_it_is_a_wrong_password_costs_a_hash(lab: Lab, protocol: str, address: str) -> None:
    hashes.forget(lab)
    assert not hashes.computed(lab)
    (ANSWERS | {"smtp": smtp_answer})[protocol](lab, address, WRONG)
    assert hashes.computed(lab)


def test_a_switched_off_protocol_leaves_the_other_on(lab: Lab) -> None:
    with clients.imap(lab, CAROL), clients.pop(lab, DORA):
        pass


@pytest.mark.parametrize("mechanism", ["ANONYMOUS", "EXTERNAL", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_imap_has_no_other_way_in(lab: Lab, mechanism: str) -> None:
    with clients.connect_imap(lab) as client:
        assert f"AUTH={mechanism}" not in client.capabilities or mechanism == "LOGIN"
        with pytest.raises(imaplib.IMAP4.error):
            client.authenticate(mechanism, lambda _: b"guest")


def test_pop_has_no_anonymous_way_in(lab: Lab) -> None:
    with clients.connect_pop(lab) as client:
        for command in (f"AUTH ANONYMOUS {base64.b64encode(b'guest').decode()}", f"APOP {ADA} {'0' * 32}"):
            with pytest.raises(poplib.error_proto, match="-ERR"):
                client._shortcmd(command)  # type: ignore[attr-defined]  # what a client says, as it stands


def test_nobody_signs_in_as_somebody_else(lab: Lab) -> None:
    with clients.connect_imap(lab) as client, pytest.raises(imaplib.IMAP4.error):
        client.authenticate("PLAIN", lambda _: f"{BOB}\0{ADA}\0{lab.password(ADA)}".encode())
