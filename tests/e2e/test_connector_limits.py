"""What a receive connector limits and offers, each connector for itself, seen by clients."""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import smtplib
import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailpair.settings.names import PRIVATE_CA
from tests.e2e.support import clients
from tests.e2e.support.wait import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
STRANGER, ELSEWHERE = "stranger@litware.test", "somebody@example.test"
KIB = 1024
CERTIFICATE = f"<I>CN={PRIVATE_CA}<S>CN=mail.contoso.test"
LOG = "/var/log/mailpair/smtp-receive/*"

STRANGERS: dict[str, object] = {
    "permission_groups": ["AnonymousUsers"],
    "max_inbound_connection_percentage_per_source": 100,
    "tarpit_interval": "00:00:00",
}
USERS = STRANGERS | {
    "permission_groups": ["ExchangeUsers"],
    "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
}
SERVERS = STRANGERS | {"permission_groups": ["ExchangeServers"]}
SILENT, LONG, FEW, ONE, SHARE, RATE, USER, ERRORS, LOGONS, SERVER, ADDRESS, WORDS, NUMBERLESS, TLS, HEADER = range(
    2601, 2616
)
CONNECTORS: dict[int, dict[str, object]] = {
    SILENT: {**STRANGERS, "connection_inactivity_timeout": "00:00:02"},
    LONG: {**STRANGERS, "connection_inactivity_timeout": "00:00:03", "connection_timeout": "00:00:04"},
    FEW: {**STRANGERS, "max_inbound_connection": 2},
    ONE: {**STRANGERS, "max_inbound_connection_per_source": 1},
    SHARE: {**STRANGERS, "max_inbound_connection": 4, "max_inbound_connection_percentage_per_source": 50},
    RATE: {**STRANGERS, "message_rate_limit": 2},
    USER: {**USERS, "message_rate_limit": 2, "message_rate_source": "User"},
    ERRORS: {**STRANGERS, "max_protocol_errors": 3, "tarpit_interval": "00:00:01"},
    LOGONS: {**USERS, "max_logon_failures": 2, "protocol_logging_level": "Verbose"},
    SERVER: {**SERVERS, "auth_mechanism": ["Tls", "ExchangeServer"]},
    ADDRESS: {**SERVERS, "auth_mechanism": ["Tls", "ExternalAuthoritative"]},
    WORDS: {
        **STRANGERS,
        "banner": "220 Words of its own.",
        "require_ehlo_domain": True,
        "size_enabled": "Disabled",
        "max_message_size": "64 KB",
        "eight_bit_mime_enabled": False,
        "chunking_enabled": False,
        "pipelining_enabled": False,
        "delivery_status_notification_enabled": False,
        "enhanced_status_codes_enabled": False,
    },
    NUMBERLESS: {**STRANGERS, "size_enabled": "EnabledWithoutValue", "max_message_size": "64 KB"},
    TLS: {**STRANGERS, "require_tls": True, "comment": "For those who speak TLS", "tls_certificate_name": CERTIFICATE},
    HEADER: {**STRANGERS, "max_header_size": "1 KB", "max_hop_count": 3, "max_local_hop_count": 1},
}


@pytest.fixture(scope="module")
def changed(lab: Lab, stack: Stack, outside: Outside) -> Iterator[Lab]:
    """The pair with all of these connectors, and one that leads out; put back as it was."""
    connectors = {
        f"Connector {port}": {"bindings": [f"0.0.0.0:{port}", f"[::]:{port}"], **settings}
        for port, settings in CONNECTORS.items()
    }
    connectors[f"Connector {ADDRESS}"]["remote_ip_ranges"] = [own_address(lab)]
    out = {
        "address_spaces": ["example.test"],
        "smart_hosts": [f"{outside.address}:2525"],
        "max_message_size": "64 KB",
        "comment": "Out of the house",
    }
    change = {"mailpair_site": {"receive_connectors": connectors, "send_connectors": {"Out": out}}}
    stack.edit(json.loads(json.dumps(change)))  # nothing twice: YAML would write that as an anchor
    stack.up()
    yield lab
    stack.restore()


def own_address(lab: Lab, version: int = 4) -> str:
    """The address that the front end sees this machine by."""
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((lab.front.at(version), 9))
        return str(probe.getsockname()[0])


def session(lab: Lab, port: int, version: int = 4) -> smtplib.SMTP:
    """A session with a connector, after its EHLO."""
    client = smtplib.SMTP(lab.front.at(version), port, timeout=PATIENCE, local_hostname="client.example.test")
    client.ehlo()
    return client


def start_tls(client: smtplib.SMTP, context: ssl.SSLContext) -> None:
    """Turn to TLS and greet again; the certificate must be for the site's public name."""
    client._host = clients.PUBLIC_NAME  # type: ignore[attr-defined]  # connect() had an address
    client.starttls(context=context)
    client.ehlo()


def signed_in(lab: Lab, port: int, address: str) -> smtplib.SMTP:
    """A session of a user."""
    client = session(lab, port)
    start_tls(client, lab.tls)
    client.login(address, lab.password(address))
    return client


def ended(client: smtplib.SMTP) -> bytes:
    """What the server says until it ends the session."""
    assert client.sock is not None
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.sock.recv(4096):
            said += piece
    return said


# --- how long -------------------------------------------------------------------------------------------------------


def test_a_session_that_says_nothing_ends(changed: Lab) -> None:
    with session(changed, SILENT) as client:
        assert b"421 4.4.2" in ended(client)


def test_a_session_that_talks_on_and_on_ends(changed: Lab) -> None:
    client = session(changed, LONG)

    def over() -> bool:
        try:
            return client.noop()[0] not in {250, 421}
        except (smtplib.SMTPServerDisconnected, OSError):
            return True

    until(over, "the end of a session by connection_timeout")


# --- how many -------------------------------------------------------------------------------------------------------


def test_connections_in_all(changed: Lab) -> None:
    first, second = session(changed, FEW), session(changed, FEW, version=6)
    with pytest.raises(ConnectionError):
        session(changed, FEW)
    first.quit()
    until(lambda: answers(changed, FEW), "a place that is free again")
    second.quit()


def answers(lab: Lab, port: int) -> bool:
    """Whether a connector greets."""
    try:
        session(lab, port).quit()
    except (OSError, smtplib.SMTPException):
        return False
    return True


def test_connections_of_one_address(changed: Lab, outside: Outside) -> None:
    with session(changed, ONE):
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            session(changed, ONE)
        assert refused.value.smtp_code == 421
        assert "too many connections" in str(refused.value.smtp_error)
        greeting = "import smtplib,sys; print(smtplib.SMTP(sys.argv[1], int(sys.argv[2]), timeout=60).noop()[0])"
        assert outside.python(greeting, changed.front.address, str(ONE)).strip() == "250"


def test_the_share_of_one_address_in_what_is_free(changed: Lab) -> None:
    """Four places and 50 per cent: two of four, then one of the three that are left, which it has already."""
    with session(changed, SHARE), smtplib.SMTP(timeout=PATIENCE) as refused:
        assert refused.connect(changed.front.address, SHARE)[0] == 421


def test_messages_of_one_address_in_a_minute(changed: Lab) -> None:
    with session(changed, RATE) as client:
        assert [begin(client, STRANGER) for _ in range(3)] == [250, 250, 450]


def test_messages_of_one_user_in_a_minute(changed: Lab) -> None:
    with signed_in(changed, USER, ADA) as first, signed_in(changed, USER, ADA) as second:
        codes = [begin(first, ADA), begin(second, ADA), begin(first, ADA)]
    with signed_in(changed, USER, BOB) as other:
        assert [*codes, begin(other, BOB)] == [250, 250, 450, 250]


def begin(client: smtplib.SMTP, sender: str) -> int:
    """The answer to a message's beginning; the message goes no further."""
    code, _ = client.mail(sender)
    client.rset()
    return code


# --- how often wrong ------------------------------------------------------------------------------------------------


def test_errors_are_answered_late_and_end_the_session(changed: Lab) -> None:
    with session(changed, ERRORS) as client:
        start = time.monotonic()
        codes = [client.docmd("BOGUS")[0] for _ in range(3)]
        assert time.monotonic() - start >= 2  # the second and the third answer wait a second each
        assert codes == [500, 500, 500]
        code, answer = client.noop()
        assert (code, b"too many errors" in answer) == (421, True)


def test_wrong_passwords_end_the_session_and_are_in_no_log(changed: Lab) -> None:
    secret = clients.unique("wrong").replace(" ", "-")
    given = base64.b64encode(f"\0{ADA}\0{secret}".encode()).decode()
    with session(changed, LOGONS) as client:
        start_tls(client, changed.tls)
        assert client.docmd("AUTH", f"PLAIN {given}")[0] == 535
        client.putcmd("AUTH", f"PLAIN {given}")
        ended(client)
    text = changed.front.run(f"cat {LOG}; journalctl --no-pager --output cat")
    assert f"Connector {LOGONS}" in text
    assert not [form for form in (secret, given) if form in text]


# --- who ------------------------------------------------------------------------------------------------------------


def relay(client: smtplib.SMTP) -> tuple[int, bytes]:
    """The answer to a recipient outside of the site, from a sender outside of it."""
    client.mail(STRANGER)
    return client.rcpt(ELSEWHERE)


def test_a_server_proves_itself_with_a_certificate_of_the_site(changed: Lab, tmp_path: Path) -> None:
    with session(changed, SERVER) as client:
        start_tls(client, changed.tls)
        assert relay(client)[0] == 530
    with session(changed, SERVER) as client:
        start_tls(client, client_context(changed, tmp_path))
        assert relay(client)[0] == 250


def client_context(lab: Lab, folder: Path) -> ssl.SSLContext:
    """What a client is that shows a certificate of the site's CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "exchange.contoso.test")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    asked = request.public_bytes(serialization.Encoding.PEM).decode()
    authority = lab.state.certificate_authority()
    certificate = authority.sign(asked, names=["exchange.contoso.test"], addresses=[], usage="client", days=1)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "client.pem").write_text(certificate + private.decode())
    context = ssl.create_default_context(cafile=str(lab.state.ca_certificate))
    context.load_cert_chain(folder / "client.pem")
    return context


def test_a_server_s_address_is_enough_and_others_are_refused(changed: Lab, outside: Outside) -> None:
    with session(changed, ADDRESS) as client:
        assert relay(client)[0] == 250
    knock = "import socket,sys; print(socket.socket().connect_ex((sys.argv[1], int(sys.argv[2]))))"
    assert outside.python(knock, changed.front.address, str(ADDRESS)).strip() == str(errno.ECONNREFUSED)


def test_tls_is_required_where_that_is_said(changed: Lab) -> None:
    with session(changed, TLS) as client:
        assert client.mail(STRANGER)[0] == 530
        start_tls(client, changed.tls)
        assert client.mail(STRANGER)[0] == 250
        assert client.rcpt(ADA)[0] == 250


def test_comments_stand_in_master_cf(changed: Lab) -> None:
    found = changed.front.run("grep ^# /etc/postfix/master.cf")
    assert "# Connector 2614: For those who speak TLS" in found
    assert "# Out: Out of the house" in found


# --- what it says ---------------------------------------------------------------------------------------------------


def test_greeting_and_keywords(changed: Lab) -> None:
    with session(changed, WORDS) as client:
        assert {*client.esmtp_features} == {"starttls"}
    with smtplib.SMTP(timeout=PATIENCE) as client:
        assert client.connect(changed.front.address, WORDS) == (220, b"Words of its own.")
    with session(changed, SILENT) as client:
        expected = {"starttls", "size", "8bitmime", "chunking", "pipelining", "dsn", "enhancedstatuscodes"}
        assert {*client.esmtp_features} == expected


def test_a_client_gives_its_full_name(changed: Lab) -> None:
    for name, code in (("host", 504), ("[127.0.0.1]", 250), ("client.example.test", 250)):
        with smtplib.SMTP(changed.front.address, WORDS, timeout=PATIENCE) as client:
            client.ehlo(name)
            client.mail(STRANGER)
            assert (name, client.rcpt(ADA)[0]) == (name, code)


@pytest.mark.parametrize(("port", "told"), [(WORDS, None), (NUMBERLESS, ""), (SILENT, str(36 << 20))])
def test_how_the_largest_size_is_told(changed: Lab, port: int, told: str | None) -> None:
    with session(changed, port) as client:
        assert client.esmtp_features.get("size") == told


@pytest.mark.parametrize("port", [WORDS, NUMBERLESS])
def test_a_size_that_is_not_told_holds_all_the_same(changed: Lab, port: int) -> None:
    assert send(changed, port, ADA, large(64 * KIB)) == 552


# --- what a message is ----------------------------------------------------------------------------------------------


def large(size: int) -> str:
    """A message of more than ``size`` bytes."""
    return f"Subject: {clients.unique('large')}\r\n\r\n" + ("x" * 62 + "\r\n") * (size // 64 + 1)


def send(lab: Lab, port: int, recipient: str, message: str) -> int:
    """The answer to a stranger's message."""
    with session(lab, port) as client:
        client.mail(STRANGER)
        assert client.rcpt(recipient)[0] == 250
        return client.data(message)[0]


HOP = "Received: from a.example.test by b.example.test; Mon, 2 May 2005 00:00:00 +0000\r\n"
OWN_HOP = "Received: from a.example.test by front1.contoso.test; Mon, 2 May 2005 00:00:00 +0000\r\n"
REST = "Subject: hops\r\n\r\nHello.\r\n"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (f"X-Long: {'x' * 500}\r\nX-More: {'x' * 400}\r\n{REST}", 250),
        (f"X-Long: {'x' * 500}\r\nX-More: {'x' * 500}\r\n{REST}", 552),
        (HOP * 3 + REST, 250),
        (HOP * 4 + REST, 554),
        (OWN_HOP + REST, 250),
        (OWN_HOP * 2 + REST, 554),
    ],
)
def test_headers_and_servers_passed(changed: Lab, message: str, code: int) -> None:
    assert send(changed, HEADER, ADA, message) == code


def test_a_message_too_large_to_leave_is_refused_at_once(changed: Lab) -> None:
    with session(changed, ADDRESS) as client:
        assert relay(client)[0] == 250
        code, answer = client.data(large(64 * KIB))
    assert (code, b"no larger message leaves this site" in answer) == (552, True)


def test_the_protocol_log_has_the_dialogue_of_its_connector_alone(changed: Lab) -> None:
    with signed_in(changed, LOGONS, ADA) as client:
        client.mail(ADA)
        client.rcpt(BOB)
    with session(changed, ONE) as client:
        client.mail("nobody.to.log@example.test")
    lines = until(lambda: logged(changed, f"MAIL FROM:<{ADA}>"), "the dialogue in the protocol log")
    assert all(f",Connector {LOGONS}," in line for line in lines)
    assert logged(changed, f"RCPT TO:<{BOB}>")
    assert not logged(changed, "nobody.to.log")
    assert not logged(changed, changed.password(ADA))


def logged(lab: Lab, text: str) -> list[str]:
    """Lines of the protocol log with a text in them."""
    return [line for line in lab.front.run(f"cat {LOG}").splitlines() if text in line]
