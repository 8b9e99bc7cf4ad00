"""Nothing but the named ports is open, and back-end ports are open to front ends alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import ports

if TYPE_CHECKING:
    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.outside import Outside

SSH = [22]
PUBLIC = [25, 110, 143, 587, 993, 995]  # SMTP, POP3, IMAP4, submission, IMAP4 and POP3 over TLS
PEER = [24, 1993, 1995, 12340]  # LMTP, the ProxyTargetPort of IMAP4 and POP3, questions about quotas

# Run on a host: signs in at a back end's port with the certificate and key that are named, or with none.
KNOCK = """
import socket, ssl, sys
address, name, port, ca, certificate, key, hello = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if certificate:
    context.load_cert_chain(certificate, key)
try:
    with socket.create_connection((address, int(port)), 10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            if not hello.startswith("request="):  # who asks about a quota speaks first
                tls.recv(1000)
            for line in hello.split("|"):
                tls.sendall(line.encode() + b"\\r\\n")
                answer = tls.recv(1000)
            print("answered", answer.decode(errors="replace").strip().splitlines()[-1])
except (OSError, ssl.SSLError) as error:
    print("closed", type(error).__name__)
"""


@pytest.mark.parametrize("version", [4, 6])
def test_from_the_network_a_front_end_shows_the_named_ports(lab: Lab, version: int) -> None:
    assert ports.open_ports(lab.front.at(version)) == sorted(SSH + PUBLIC)


@pytest.mark.parametrize("version", [4, 6])
def test_from_the_network_a_back_end_shows_none(lab: Lab, version: int) -> None:
    assert ports.open_ports(lab.back.at(version)) == SSH


def test_from_outside_it_is_the_same(lab: Lab, outside: Outside) -> None:
    assert ports.open_ports(lab.front.address, outside) == sorted(SSH + PUBLIC)
    assert ports.open_ports(lab.back.address, outside) == SSH


@pytest.mark.parametrize("version", [4, 6])
def test_a_front_end_reaches_its_ports_of_a_back_end(lab: Lab, version: int) -> None:
    assert ports.open_ports(lab.back.at(version), lab.front) == sorted(SSH + PEER)


def test_no_host_listens_for_datagrams(lab: Lab) -> None:
    for host in lab.hosts:
        assert host.run("ss -Hulpn").splitlines() == []


# What a client says to be let in, and what it must not be answered.
HELLO = {
    1993: "a LOGIN bob@contoso.test x|b SELECT INBOX",
    1995: "USER bob@contoso.test|PASS x|STAT",
    24: "LHLO x|MAIL FROM:<ada@contoso.test>|RCPT TO:<bob@contoso.test>",
    12340: "request=smtpd_access_policy\nrecipient=bob@contoso.test\nsize=1\n",
}
LET_IN = {1993: "b OK", 1995: "+OK", 24: "250", 12340: "action=OK"}


@pytest.mark.parametrize("port", PEER)
def test_a_front_end_without_its_certificate_is_refused(lab: Lab, port: int) -> None:
    answer = knock(lab.front, lab.back, port, "", "")
    assert not answer.startswith(f"answered {LET_IN[port]}"), answer


@pytest.mark.parametrize("port", PEER)
def test_a_front_end_with_a_certificate_of_its_own_making_is_refused(lab: Lab, port: int) -> None:
    folder = lab.front.run("mktemp -d").strip()
    lab.front.run(
        f"cd {folder} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        f" -subj /CN={lab.front.fqdn} -addext subjectAltName=DNS:{lab.front.fqdn} -keyout key.pem -out cert.pem 2>&1"
    )
    try:
        answer = knock(lab.front, lab.back, port, f"{folder}/cert.pem", f"{folder}/key.pem")
    finally:
        lab.front.run(f"rm -r {folder}")
    assert not answer.startswith(f"answered {LET_IN[port]}"), answer


@pytest.mark.parametrize("port", PEER)
def test_a_front_end_with_its_certificate_is_let_in(lab: Lab, port: int) -> None:
    """The two refusals above would also hold on a port that nobody can use."""
    answer = knock(lab.front, lab.back, port, "/etc/mailpair/tls/peer.pem", "/etc/mailpair/tls/peer.key")
    assert answer.startswith(f"answered {LET_IN[port]}"), answer


@pytest.mark.parametrize("port", [4002, 4003])
def test_on_a_back_end_no_program_but_the_proxy_reaches_dovecot(lab: Lab, port: int) -> None:
    """There a session begins without a certificate; root, who may do anything, shows that it is there."""
    connect = f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>&1"
    for user in ("nobody", "vmail", "_apt"):
        assert "Connection refused" in lab.back.run(f"setpriv --reuid {user} --clear-groups {connect}", check=False), (
            user
        )
    assert lab.back.run(connect) == ""


def knock(here: Host, there: Host, port: int, certificate: str, key: str) -> str:
    """What a back end answers a client that runs on another host."""
    ca = "/etc/mailpair/tls/peers.pem"
    return here.python(KNOCK, there.address, there.fqdn, str(port), ca, certificate, key, HELLO[port])
