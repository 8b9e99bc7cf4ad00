"""TLS at every public port, as somebody sees it looking for weaknesses, and as a mail program does that comes back."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import clients
from tests.e2e.support.edited import edited
from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

# What Postfix and Dovecot rightly say of those who try what they do not speak.
PROVOKED = (
    "TLS library problem: error:",
    "TLS handshaking: SSL_accept() failed: error:",
    "TLS: SSL_read failed: error:",
)

PORTS = (993, 143, 995, 110, 587, 465, 25)
OLD = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")
SPOKEN = ("tls_1_2", "tls_1_3")
# A login process of Dovecot knows its own tickets alone, and there are two of them or more: so many meet each.
TRIES = 20


@pytest.fixture(scope="module")
def scan(lab: Lab, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[int, Any]]]:
    """What sslyze says of all ports, and what it found at each."""
    stack.edit({"mailpair_site": {"receive_connectors": {"Client Frontend": {"ssl_bindings": ["0.0.0.0:465"]}}}})
    stack.up()
    with socket.create_connection((lab.front.address, 587), PATIENCE) as client:
        me = client.getsockname()[0]
    file = tmp_path_factory.mktemp("sslyze") / "found.json"
    command = ["tools/sslyze", "--mozilla_config", "intermediate", "--starttls", "auto", "--json_out", str(file)]
    command += ["--sni", clients.PUBLIC_NAME, "--certinfo_ca_file", str(lab.state.ca_certificate)]
    # Postfix asks for the name of each of hundreds of clients, and waits for seconds where DNS loses a question.
    with edited(lab.front, "/etc/hosts", f"$a {me} tester.contoso.test"):
        said = stack.run(*command, *(f"{lab.front.address}:{port}" for port in PORTS), check=False).stdout
    found = {
        each["server_location"]["port"]: each["scan_result"]
        for each in json.loads(file.read_text())["server_scan_results"]
    }
    yield said, found
    stack.restore()


def accepted(result: Any, version: str) -> list[str]:
    """The cipher suites of a version that a port takes; the version was really tried."""
    tried = result[f"{version}_cipher_suites"]
    assert tried["status"] == "COMPLETED", tried
    return [each["cipher_suite"]["name"] for each in tried["result"]["accepted_cipher_suites"]]


@pytest.mark.parametrize("port", PORTS)
def test_a_port_keeps_to_mozilla_s_intermediate_profile(lab: Lab, scan: tuple[str, dict[int, Any]], port: int) -> None:
    assert f"{lab.front.address}:{port}: OK - Compliant." in scan[0], scan[0][-3000:]


@pytest.mark.parametrize("port", PORTS)
def test_a_port_speaks_tls_1_2_and_1_3_and_nothing_older(scan: tuple[str, dict[int, Any]], port: int) -> None:
    result = scan[1][port]
    assert {version: accepted(result, version) for version in OLD} == {version: [] for version in OLD}
    assert all(accepted(result, version) for version in SPOKEN)


def connected(lab: Lab, port: int, context: ssl.SSLContext, session: ssl.SSLSession | None) -> tuple[bool, Any]:
    """A connection that shows a ticket: whether it was taken, and a ticket of its own."""
    if port == 587:
        with smtplib.SMTP(lab.front.address, port, timeout=PATIENCE) as client:
            client.ehlo()
            assert client.docmd("STARTTLS")[0] == 220
            assert client.sock
            with secured(context, client.sock, session) as secure:
                secure.sendall(b"EHLO tester.contoso.test\r\n")
                assert secure.recv(1000).startswith(b"250")
                return bool(secure.session_reused), secure.session
    plain = socket.create_connection((lab.front.address, port), PATIENCE)
    with secured(context, plain, session) as secure:
        assert secure.recv(1000).startswith((b"* OK", b"+OK"))
        return bool(secure.session_reused), secure.session


def secured(context: ssl.SSLContext, plain: socket.socket, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    """A socket with TLS, for the name that clients know."""
    return context.wrap_socket(plain, server_hostname=clients.PUBLIC_NAME, session=session)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("port", [993, 995, 587])
def test_a_client_that_comes_back_resumes_its_session(lab: Lab, port: int, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(lab.state.ca_certificate))
    context.minimum_version = context.maximum_version = version
    reused, ticket = connected(lab, port, context, None)
    assert not reused
    # Where a ticket is not known, the whole handshake follows in the same connection, and the client gets in as well.
    taken = [connected(lab, port, context, ticket)[0] for _ in range(TRIES)]
    assert any(taken)
    if port == 587:  # all processes of Postfix know one another's
        assert all(taken)
