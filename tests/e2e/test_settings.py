"""Settings other than the defaults, brought in with one ``pulumi up`` and seen from outside."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import clients, ports
from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

ADA, BOB, CAROL = "ada@contoso.test", "bob@contoso.test", "carol@contoso.test"
ALIAS = "lovelace@fabrikam.test"
POP_NAME, IMAP_NAME, BRANCH = "pop.contoso.test", "imap.contoso.test", "branch.contoso.test"

SITE = {
    "accepted_domains": ["contoso.test", "fabrikam.test"],
    "pop_settings": {
        "external_connection_settings": [f"{POP_NAME}:2995:SSL"],
        "internal_connection_settings": [f"{POP_NAME}:2110:TLS"],
        "ssl_bindings": ["0.0.0.0:2995"],
        "unencrypted_or_tls_bindings": ["0.0.0.0:2110"],
        "proxy_target_port": 3995,
        "x509_certificate_name": POP_NAME,
        "banner": "Mail over POP3.",
    },
    "imap_settings": {
        "external_connection_settings": [f"{IMAP_NAME}:2993:SSL"],
        "internal_connection_settings": [f"{IMAP_NAME}:2143:TLS"],
        "ssl_bindings": ["0.0.0.0:2993"],
        "unencrypted_or_tls_bindings": ["0.0.0.0:2143"],
        "proxy_target_port": 3993,
        "x509_certificate_name": IMAP_NAME,
        "banner": "Mail over IMAP4.",
    },
    "send_connectors": {"Out": {"address_spaces": ["example.test"], "enabled": False}},
    "servers": {"front1": {"imap_settings": {"banner": "Mail over IMAP4 on the first."}}},
    "certificates": {
        "mail": {"domain_name": ["mail.contoso.test", "*.contoso.test"]},
        "pop": {"domain_name": [POP_NAME], "services": ["POP"]},
        "imap": {"domain_name": [IMAP_NAME], "services": ["IMAP"]},
    },
    "receive_connectors": {
        "Client Frontend": {
            "ssl_bindings": ["0.0.0.0:2465"],
            "max_message_size": "64 KB",
            "max_recipients_per_message": 2,
        },
        "Default Frontend": {"enabled": False},
        "Branch": {
            "fqdn": BRANCH,
            "bindings": ["0.0.0.0:2587"],
            "auth_mechanism": "None",
            "permission_groups": ["AnonymousUsers"],
        },
    },
}
MAILBOXES = {ADA: {"email_addresses": [ALIAS]}}


@pytest.fixture(scope="module")
def changed(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with all of these settings; the documents and hosts are put back as they were."""
    stack.edit({"mailpair_site": SITE})
    stack.edit({"mailpair_mailboxes": MAILBOXES}, "mailboxes.yml")
    stack.up()
    with lab.names(POP_NAME, IMAP_NAME, BRANCH):
        yield lab
    stack.restore()


def test_bindings_are_the_open_ports_and_there_are_no_others(changed: Lab) -> None:
    expected = [22, 587, 2110, 2143, 2465, 2587, 2993, 2995]
    assert ports.open_ports(changed.front.address) == expected
    # Where nothing is bound in a family, nothing listens in it.
    assert ports.open_ports(changed.front.at(6)) == [22, 587]


def test_back_ends_answer_at_their_proxy_target_ports(changed: Lab) -> None:
    assert ports.open_ports(changed.back.address, changed.front) == [22, 24, 3993, 3995, 12340]


def test_banners_greet_and_a_server_s_own_goes_before_the_site_s(changed: Lab) -> None:
    with clients.connect_pop(changed, host=POP_NAME, port=2995) as pop:
        assert pop.getwelcome() == b"+OK Mail over POP3."
    with clients.connect_imap(changed, host=IMAP_NAME, port=2993) as imap:
        assert imap.welcome.startswith(b"* OK ")
        assert imap.welcome.rstrip().endswith(b" Mail over IMAP4 on the first.")


@pytest.mark.parametrize("encryption", ["SSL", "TLS"])
def test_clients_get_in_with_the_names_ports_and_encryption_that_they_are_told(
    changed: Lab, stack: Stack, encryption: str
) -> None:
    """Certificates are checked for the names, so they speak of them."""
    told = stack.outputs()["client_settings"]["outside" if encryption == "SSL" else "inside"]
    (pop_setting,) = told["pop"]
    (imap_setting,) = told["imap"]
    assert (pop_setting["server"], pop_setting["encryption"]) == (POP_NAME, encryption)
    assert (imap_setting["server"], imap_setting["encryption"]) == (IMAP_NAME, encryption)
    with clients.connect_pop(changed, encryption, host=POP_NAME, port=pop_setting["port"]) as pop:
        pop.user(ADA)
        pop.pass_(changed.password(ADA))
        pop.quit()
    with clients.connect_imap(changed, encryption, host=IMAP_NAME, port=imap_setting["port"]) as imap:
        imap.login(ADA, changed.password(ADA))
        imap.logout()


@pytest.mark.parametrize("encryption", ["SSL", "TLS"])
def test_each_protocol_shows_the_certificate_that_it_asks_for(changed: Lab, encryption: str) -> None:
    ssl_port, plain_port = (2995, 2993), (2110, 2143)
    pop_port, imap_port = ssl_port if encryption == "SSL" else plain_port
    with clients.connect_pop(changed, encryption, host=POP_NAME, port=pop_port) as pop:
        assert subject(pop.sock) == POP_NAME
    with clients.connect_imap(changed, encryption, host=IMAP_NAME, port=imap_port) as imap:
        assert subject(imap.sock) == IMAP_NAME
    with smtplib.SMTP_SSL("mail.contoso.test", 2465, timeout=PATIENCE, context=changed.tls) as smtp:
        assert subject(smtp.sock) == "mail.contoso.test"


def subject(connection: Any) -> str:
    """The common name of the certificate that a server shows."""
    names = dict(pair for part in connection.getpeercert()["subject"] for pair in part)
    return str(names["commonName"])


def test_smtp_is_told_of_with_each_encryption(changed: Lab, stack: Stack) -> None:
    name = "mail.contoso.test"
    told = [
        {"server": name, "port": 2465, "encryption": "SSL"},
        {"server": name, "port": 587, "encryption": "TLS"},
    ]
    assert stack.outputs()["client_settings"]["outside"]["smtp"] == told
    with smtplib.SMTP_SSL(name, 2465, timeout=PATIENCE, context=changed.tls) as client:
        client.login(ADA, changed.password(ADA))


def test_a_connector_has_a_name_and_mechanisms_of_its_own(changed: Lab) -> None:
    with smtplib.SMTP(BRANCH, 2587, timeout=PATIENCE) as client:
        assert client.ehlo()[1].splitlines()[0] == BRANCH.encode()
        assert not client.has_extn("starttls")
        assert not client.has_extn("auth")
        assert client.esmtp_features["size"] == str(36 << 20)


def test_limits_of_a_connector_are_told_and_kept(changed: Lab) -> None:
    with clients.connect_smtp(changed) as client:
        assert client.esmtp_features["size"] == str(64 << 10)
        client.login(ADA, changed.password(ADA))
        assert client.mail(ADA, ["size=70000"])[0] == 552
        client.rset()
        assert client.mail(ADA)[0] == 250
        assert [client.rcpt(recipient)[0] for recipient in (BOB, CAROL, ADA)] == [250, 250, 452]


def test_a_further_address_reaches_its_mailbox_and_may_be_sent_from(changed: Lab) -> None:
    subject = clients.unique()
    with clients.connect_smtp(changed) as client:
        client.login(ADA, changed.password(ADA))
        client.sendmail(ALIAS, [ALIAS], f"From: {ALIAS}\r\nTo: {ALIAS}\r\nSubject: {subject}\r\n\r\nHello.\r\n")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(BOB, [ADA], "Subject: not mine\r\n\r\n")
    with clients.connect_imap(changed, host=IMAP_NAME, port=2993) as imap:
        imap.login(ADA, changed.password(ADA))
        clients.ok(imap.select("INBOX"))
        clients.wait_for_message(imap, subject)
        imap.logout()


def test_role_addresses_of_a_new_domain_reach_the_administrator(changed: Lab) -> None:
    with smtplib.SMTP(BRANCH, 2587, timeout=PATIENCE) as client:
        client.ehlo()
        assert client.mail("stranger@example.test")[0] == 250
        assert client.rcpt("Postmaster@fabrikam.test")[0] == 250
        assert client.rcpt("nobody@fabrikam.test")[0] == 550
        assert client.rcpt("somebody@example.test")[0] in {550, 554}


def test_a_send_connector_that_is_off_takes_nothing(changed: Lab) -> None:
    with clients.connect_smtp(changed) as client:
        client.login(ADA, changed.password(ADA))
        client.mail(ADA)
        code, answer = client.rcpt("somebody@example.test")
    assert (code, b"5.4.4" in answer) == (550, True)
