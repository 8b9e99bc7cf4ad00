"""Certificates of a CA that looks whether names are the site's, as public ones do, by HTTP-01 and by DNS-01."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailpair import private_files
from tests.e2e.support import clients
from tests.e2e.support.acme_server import EAB_KEY, EAB_KEY_ID, AcmeServer, acme_server
from tests.e2e.support.debian import debian
from tests.e2e.support.dns_server import ALGORITHM, KEY_NAME, DnsServer, dns_server
from tests.e2e.support.lab import Lab
from tests.e2e.support.outside import outside_host
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.processes import ProcessLog
    from tests.e2e.support.stack import Stack

ROOT = Path(__file__).parents[2]
BOB = "bob@contoso.test"
MAIL = "mail.contoso.test"
CA_NAME = "acme.contoso.test"
RENEW = "/usr/local/sbin/mailpair-renew"
TOKENS = "/.well-known/acme-challenge/"

# What a front end rightly complains of in its journal while these tests run.
PROVOKED = ("Failed to start mailpair-renewal.service",)


@dataclass
class Authority:
    """A CA and the DNS that it asks."""

    acme: AcmeServer
    dns: DnsServer
    lab: Lab

    def clients(self) -> Lab:
        """The pair as clients see it who trust that CA alone."""
        trusting = Lab(self.lab.outputs, self.lab.site_dir)
        trusting.tls = ssl.create_default_context(cadata=self.acme.root_pem())
        return trusting

    def point(self, address: str) -> None:
        """Lets the DNS send everybody, the CA too, to an address."""
        self.dns.point({"mail": [address]})

    def renew(self, name: str = "mail", *, check: bool = True) -> str:
        """Renews a certificate, due or not; what is said of it."""
        return self.lab.front.run(f"{RENEW} --force {name} 2>&1", check=check)


def acme(**options: Any) -> dict[str, Any]:
    """The document with a certificate of that CA."""
    return {
        "mailpair_site": {
            # The servers' own names are in no such certificate.
            "pop_settings": {"internal_connection_settings": []},
            "imap_settings": {"internal_connection_settings": []},
            "certificates": {
                "mail": {
                    "source": "acme",
                    "domain_name": [MAIL],
                    "services": ["POP", "IMAP", "SMTP"],
                    "acme": {
                        "directory": f"https://{CA_NAME}:14000/dir",
                        "terms_of_service_agreed": True,
                        "email": "postmaster@contoso.test",
                        "ca_file": "acme-ca.pem",
                        **options,
                    },
                }
            },
        }
    }


@pytest.fixture(scope="module")
def authority(
    lab: Lab, stack: Stack, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Authority]:
    """The CA on a host of its own, and what the site needs to know of it."""
    address, bridge = str(ip_address(outside.address) + 1), outside.namespace.removesuffix("-out")
    private = lab.state.root
    with (
        outside_host(bridge, address, 24, ending="ca") as host,
        debian(tmp_path_factory.mktemp("debian"), "knot", "pebble") as root,
        dns_server(host, root, "contoso.test", {"mail": [lab.front.address]}) as dns,
        acme_server(host, root, CA_NAME, address) as server,
    ):
        for folder in ("credentials", "certificates"):
            (private / folder).mkdir(mode=0o700, exist_ok=True)
        private_files.write(private / "credentials" / "tsig", f"{KEY_NAME}:{dns.secret}\n")
        private_files.write(private / "credentials" / "eab", f"{EAB_KEY_ID}:{EAB_KEY}\n")
        private_files.write(private / "certificates" / "acme-ca.pem", server.ca)
        lab.front.run(f"echo '{address} {CA_NAME}' >> /etc/hosts")
        yield Authority(server, dns, lab)
        stack.restore()
        stack.up()
        lab.front.run(f"sed -i '/ {CA_NAME}$/d' /etc/hosts; rm -rf /var/lib/mailpair/acme/accounts")
        for name in ("credentials/tsig", "credentials/eab", "certificates/acme-ca.pem"):
            (private / name).unlink()


@dataclass(frozen=True)
class FirstRun:
    """A run of the playbook that found nobody to ask."""

    said: str
    issuer: str
    unit: str
    metrics: str


def _settled(front: Host) -> str:
    """What systemd makes of the last renewal; empty while there is one."""
    state = front.run("systemctl is-failed mailpair-renewal.service", check=False).strip()
    return "" if state == "activating" else state


@pytest.fixture(scope="module")
def first_run(authority: Authority, stack: Stack) -> FirstRun:
    """The site asks for its first certificate by HTTP-01 while the CA is away, which then comes back."""
    authority.acme.stop()
    stack.edit(acme())
    done = stack.playbook(stack.inventory())
    front = authority.lab.front
    front.run("systemctl start mailpair-renewal.service", check=False)
    return FirstRun(
        " ".join((done.stdout + done.stderr).split()),  # Ansible breaks lines
        issuer=front.run("openssl x509 -noout -issuer -in /etc/mailpair/tls/mail.pem"),
        # The timer may be at it as well.
        unit=until(lambda: _settled(front), "the end of the renewal"),
        metrics=front.run("cat /var/lib/prometheus/node-exporter/mailpair_certificates.prom"),
    )


@pytest.fixture(scope="module")
def fetched(first_run: FirstRun, authority: Authority) -> Authority:
    """The same once the timer has tried again."""
    assert first_run.unit
    authority.acme.start()
    authority.lab.front.run("systemctl start mailpair-renewal.service")
    return authority


def serial(lab: Lab, port: int = 993) -> str:
    """The serial number of the certificate that a port shows, which has to be valid."""
    with (
        socket.create_connection((lab.front.address, port), timeout=10) as plain,
        lab.tls.wrap_socket(plain, server_hostname=MAIL) as shown,
    ):
        return str((shown.getpeercert() or {})["serialNumber"])


def test_without_a_certificate_one_of_the_site_is_served_and_that_is_told(first_run: FirstRun, lab: Lab) -> None:
    told = r"mail: one of this host.s own CA stands in for it, and it could not be renewed: .*Connection refused"
    assert re.search(told, first_run.said), first_run.said
    assert "front1" in first_run.issuer, first_run.issuer
    assert first_run.unit == "failed"
    assert "mailpair_renewal_success 0" in first_run.metrics
    assert "Connection refused" in lab.front.run("journalctl --boot --unit mailpair-renewal.service --output cat")


def test_all_services_show_the_certificate_that_was_fetched(fetched: Authority) -> None:
    lab = fetched.clients()
    subject = clients.unique()
    clients.submit(lab, BOB, BOB, subject)
    with (
        clients.imap(lab, BOB) as imap,
        clients.pop(lab, BOB),
        clients.imap(lab, BOB, "TLS"),
        clients.pop(lab, BOB, "TLS"),
    ):
        clients.wait_for_message(imap, subject)


def test_at_port_80_there_are_answers_to_cas_alone(fetched: Authority) -> None:
    for path in ("/", TOKENS, f"{TOKENS}unknown", f"{TOKENS}../../../../etc/passwd"):
        connection = http.client.HTTPConnection(fetched.lab.front.address, 80, timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (404, b""), path
        connection.close()


def test_sessions_live_through_a_renewal(fetched: Authority) -> None:
    lab = fetched.clients()
    before = serial(lab)
    with clients.imap(lab, BOB) as imap, clients.pop(lab, BOB) as pop:
        fetched.renew()
        clients.ok(imap.noop())
        pop.noop()
    assert serial(lab) == serial(lab, 995) != before


def test_what_cannot_be_fetched_leaves_what_there_is(fetched: Authority) -> None:
    """A name that leads to nobody, and a CA that does not take it; then all is well again."""
    lab = fetched.clients()
    before = serial(lab)
    fetched.point(fetched.acme.host.address)  # nobody listens at 80 there
    said = fetched.renew(check=False)
    complaint = r"mail: it was asked for, and it could not be renewed: .*connection refused"
    assert re.search(complaint, said, re.IGNORECASE), said
    assert serial(lab) == before
    fetched.point(lab.front.address)
    fetched.renew()
    assert serial(lab) != before


@contextmanager
def another_front_end(outside: Outside, address: str) -> Iterator[None]:
    """The outside host answers CAs as a front end does that knows the one at ``address``."""
    program = (
        "import asyncio, sys; from pathlib import Path; from hostside.acme_answers.answers import Answers\n"
        "async def main():\n"
        "    answers = Answers(Path('/nonexistent'), sys.argv[1:])\n"
        "    async with await asyncio.start_server(answers.serve, '0.0.0.0', 80) as server:\n"
        "        print('ready', flush=True)\n"
        "        await server.serve_forever()\n"
        "asyncio.run(main())"
    )
    command = outside.command(sys.executable, "-c", program, address)
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as server:
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            server.terminate()


def test_a_ca_that_comes_to_another_front_end_is_answered_too(fetched: Authority, outside: Outside) -> None:
    lab = fetched.clients()
    before = serial(lab)
    with another_front_end(outside, lab.front.address):
        fetched.point(outside.address)
        fetched.renew()
    fetched.point(lab.front.address)
    assert serial(lab) != before


@pytest.fixture(scope="module")
def behind_the_web_site(fetched: Authority, stack: Stack) -> Authority:
    """The web site is on, whose server has port 80, and shows the certificate as well."""
    document = acme()
    document["mailpair_site"]["web_site"] = {"enabled": True}
    document["mailpair_site"]["certificates"]["mail"]["services"] += ["IIS"]
    stack.edit(document)
    stack.up()
    return fetched


def test_a_name_is_proven_behind_the_web_site(behind_the_web_site: Authority) -> None:
    lab = behind_the_web_site.clients()
    before = serial(lab)
    behind_the_web_site.renew()
    assert serial(lab) == serial(lab, 995) == serial(lab, 443) != before
    for path, status in ((f"{TOKENS}unknown", 404), ("/", 301)):
        connection = http.client.HTTPConnection(MAIL, 80, timeout=20)
        connection.request("GET", path)
        assert connection.getresponse().status == status, path
        connection.close()


@pytest.fixture(scope="module")
def by_dns(fetched: Authority, stack: Stack) -> Authority:
    """The site proves its name by DNS-01 to a CA that asks for an account of its giving; port 80 is closed."""
    fetched.acme.stop()
    fetched.acme.start(externalAccountBindingRequired=True, externalAccountMACKeys={EAB_KEY_ID: EAB_KEY})
    dns = {
        "server": fetched.dns.host.address,
        "tsig_key": "tsig",
        "tsig_algorithm": ALGORITHM,
        "propagation_time": "0:00:01",
    }
    document = acme(challenge="DNS-01", external_account="eab", dns=dns)
    document["mailpair_site"]["certificates"]["mail"]["key_algorithms"] = ["ECDSA", "RSA"]
    stack.edit(document)
    stack.up()
    fetched.renew("mail")
    return fetched


def test_names_are_proven_by_dns_01(by_dns: Authority) -> None:
    lab = by_dns.clients()
    with clients.imap(lab, BOB), clients.pop(lab, BOB), clients.connect_smtp(lab):
        pass
    assert serial(lab) == serial(lab, 995)
    with pytest.raises(OSError, match="timed out"):
        socket.create_connection((lab.front.address, 80), timeout=1)


def test_a_key_that_the_name_server_does_not_take(by_dns: Authority) -> None:
    lab, path = by_dns.clients(), "/etc/mailpair/acme/credential-tsig"
    before = serial(lab)
    lab.front.run(f"cp -p {path} {path}.kept; echo mailpair:bm90IHRoZSBrZXk= > {path}")
    try:
        assert "The peer didn't like the signature we sent" in by_dns.renew(check=False)
        assert serial(lab) == before
    finally:
        lab.front.run(f"mv {path}.kept {path}")
    by_dns.renew()
    assert serial(lab) != before


def test_keys_are_for_root_alone_and_nowhere_else(by_dns: Authority, processes: ProcessLog, stack: Stack) -> None:
    lab, secrets = by_dns.lab, (by_dns.dns.secret, EAB_KEY)
    for where in ("/etc/mailpair/acme", "/var/lib/mailpair/acme/accounts", "/var/log/mailpair/acme"):
        assert lab.front.run(f"find {where} -maxdepth 0 -not -perm 700 -o -name '*.key' -perm /077") == "", where
    assert lab.front.run("find /etc/mailpair/acme -type f -perm /077") == ""
    places = "/run /tmp /var/tmp /var/log /var/lib /etc"
    found = lab.front.run(f"grep -rlFf - {places} 2>/dev/null", stdin="\n".join(secrets), check=False)
    assert sorted(found.split()) == ["/etc/mailpair/acme/credential-eab", "/etc/mailpair/acme/credential-tsig"]
    assert not [line for line in processes.command_lines() if any(secret in line for secret in secrets)]
    for file in (stack.folder / "state").rglob("*"):
        if file.is_file():
            assert not any(secret.encode() in file.read_bytes() for secret in secrets), file
