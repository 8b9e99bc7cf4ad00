"""Signing in with Kerberos tickets of a real KDC, which stands on the back end's host for as long as this takes."""

from __future__ import annotations

import base64
import imaplib
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

FOLDER = "/run/mailpair-test-kdc"
FILES = Path(__file__).parent / "kerberos"
TICKETS, TICKETS_SSL = 2588, 2466
ADA, BOB = "ada@contoso.test", "bob@contoso.test"
SITE = {
    "kerberos_keytab": "test.keytab",
    "imap_settings": {"enable_gssapi_and_ntlm_auth": True, "login_type": "PlainTextAuthentication"},
    "pop_settings": {"enable_gssapi_and_ntlm_auth": True},
    "receive_connectors": {
        "Tickets": {
            "fqdn": "mail.contoso.test",
            "bindings": [f"0.0.0.0:{TICKETS}"],
            "ssl_bindings": [f"0.0.0.0:{TICKETS_SSL}"],
            "auth_mechanism": "Tls, Integrated",
            "enable_auth_gssapi": True,
            "permission_groups": "ExchangeUsers",
        }
    },
}
END = f"""
kill $(cat {FOLDER}/pid)
rm -r {FOLDER}
DEBIAN_FRONTEND=noninteractive apt-get -q -y purge krb5-kdc krb5-admin-server krb5-user python3-gssapi
"""


@pytest.fixture(scope="module")
def realm(lab: Lab) -> Iterator[Host]:
    """The host with a ticket for ada."""
    script = (FILES / "kdc.sh").read_text()
    lab.back.run(shlex.join(["sh", "-s", FOLDER, secrets.token_urlsafe(12)]), stdin=script)
    yield lab.back
    lab.back.run(END)


@pytest.fixture(scope="module")
def kerberos(lab: Lab, stack: Stack, realm: Host) -> Iterator[Lab]:
    """The pair with the realm's keys."""
    keytabs = lab.state.root / "keytabs"
    keytabs.mkdir(mode=0o700, exist_ok=True)
    keytab = keytabs / "test.keytab"
    keytab.touch(mode=0o600)
    keytab.write_bytes(base64.b64decode(realm.run(f"base64 {FOLDER}/keytab")))
    stack.edit({"mailpair_site": SITE})
    stack.up()
    yield lab
    stack.restore()
    keytab.unlink()


def sign_in(lab: Lab, service: str, port: int, encryption: str, mailbox: str) -> str:
    """The last answer to somebody with ada's ticket."""
    words = ["python3", "-", service, lab.front.address, str(port), encryption, mailbox]
    environment = f"KRB5_CONFIG={FOLDER}/krb5.conf KRB5CCNAME={FOLDER}/cache"
    return lab.back.run(f"{environment} {shlex.join(words)}", stdin=(FILES / "client.py").read_text())


@pytest.mark.parametrize(
    ("service", "port", "encryption"),
    [("imap", 993, "SSL"), ("pop", 995, "SSL"), ("imap", 143, "none"), ("smtp", TICKETS_SSL, "SSL")],
)
def test_a_ticket_lets_its_owner_in_and_nobody_else(kerberos: Lab, service: str, port: int, encryption: str) -> None:
    """On the plain port of IMAP as well, where the login type lets in what is no password."""
    assert sign_in(kerberos, service, port, encryption, ADA).startswith(("a OK", "+OK", "235"))
    assert sign_in(kerberos, service, port, encryption, BOB).startswith(("a NO", "-ERR", "535"))


def test_before_tls_the_login_type_decides_and_a_password_never_passes(kerberos: Lab) -> None:
    with clients.connect_imap(kerberos, "none") as client:
        assert "AUTH=GSSAPI" in client.capabilities
        assert "LOGINDISABLED" in client.capabilities
        with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
            client.login(ADA, kerberos.password(ADA))
    with clients.connect_pop(kerberos, "none") as pop:
        assert pop.capa()["SASL"] == []
    with clients.connect_pop(kerberos) as pop:
        assert "GSSAPI" in pop.capa()["SASL"]


def test_a_connector_for_tickets_takes_no_passwords_and_others_no_tickets(kerberos: Lab) -> None:
    with clients.connect_smtp(kerberos, port=TICKETS) as client:
        assert client.esmtp_features["auth"].split() == ["GSSAPI"]
    with clients.connect_smtp(kerberos) as client:
        assert "GSSAPI" not in client.esmtp_features["auth"]


def test_passwords_go_on_to_let_in(kerberos: Lab) -> None:
    with clients.imap(kerberos, BOB) as client:
        assert client.noop()[0] == "OK"
