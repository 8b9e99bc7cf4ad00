"""Several certificates, of several sources and algorithms: each service shows the right one to each client."""

from __future__ import annotations

import re
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mailpair import private_files
from tests.certificates import Ca, key_pem, named, new_key, pem
from tests.e2e.support.wait import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

CONTOSO, FABRIKAM, BOUGHT = "mail.contoso.test", "mail.fabrikam.test", "smtp.contoso.test"
POP, IMAP, SMTP = (995, None), (993, None), (587, "smtp")
RSA = ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
ECDSA = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")

CERTIFICATES: dict[str, Any] = {
    "mail": {"services": ["POP", "IMAP"], "key_algorithms": ["ECDSA", "RSA"], "key_size": 2048},
    "Fabrikam mail": {"domain_name": [FABRIKAM, "*.fabrikam.test"], "services": ["IMAP", "SMTP"]},
    "bought": {
        "source": "provided",
        "domain_name": [BOUGHT],
        "services": ["SMTP"],
        "provided": {"certificate": "bought.pem", "key": "bought.key"},
    },
}
SITE = {
    "imap_settings": {"external_connection_settings": [f"{CONTOSO}:993:SSL", f"{FABRIKAM}:993:SSL"]},
    "receive_connectors": {"Client Frontend": {"fqdn": BOUGHT}},
    "certificates": CERTIFICATES,
}


@pytest.fixture(scope="module")
def bought(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[x509.Certificate]:
    """A certificate of another CA, in the site's private folder, and its key, which ansible-vault keeps."""
    root = Ca("A root")
    issuing = Ca("An issuing CA", root)
    key = new_key()
    leaf = issuing.issue(named(BOUGHT), key, BOUGHT)
    folder = stack.site_dir / "private/certificates"
    folder.mkdir(mode=0o700, exist_ok=True)
    private_files.write(folder / "bought.pem", pem(leaf, issuing.certificate, root.certificate))
    private_files.write(folder / "bought.key", key_pem(key))
    password = tmp_path_factory.mktemp("vault") / "password"
    private_files.write(password, "open sesame\n")
    stack.environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(password)
    stack.run("ansible-vault", "encrypt", str(folder / "bought.key"))
    yield leaf
    del stack.environment["ANSIBLE_VAULT_PASSWORD_FILE"]


@pytest.fixture(scope="module")
def changed(lab: Lab, stack: Stack, bought: x509.Certificate) -> Iterator[Lab]:
    """The pair with all of them; the documents and hosts are put back as they were."""
    stack.edit({"mailpair_site": SITE})
    stack.up()
    yield lab
    stack.restore()


def shown(lab: Lab, where: tuple[int, str | None], name: str | None, *more: str) -> list[x509.Certificate]:
    """The certificates that a port shows to a client that asks for a name; none where there is no agreement."""
    port, starttls = where
    command = ["openssl", "s_client", "-connect", f"{lab.front.address}:{port}", "-showcerts", *more]
    command += ["-servername", name] if name else ["-noservername"]
    command += ["-starttls", starttls] if starttls else []
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    found = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", done.stdout, re.DOTALL)
    return [x509.load_pem_x509_certificate(each.encode()) for each in found]


def subject(lab: Lab, where: tuple[int, str | None], name: str | None, *more: str) -> str:
    """The common name of what a port shows."""
    subjects = [each.subject.rfc4514_string().removeprefix("CN=") for each in shown(lab, where, name, *more)]
    return subjects[0] if subjects else "nothing"


@pytest.mark.parametrize(
    ("where", "name", "expected"),
    [
        (POP, CONTOSO, CONTOSO),
        (POP, FABRIKAM, CONTOSO),
        (POP, None, CONTOSO),
        (IMAP, CONTOSO, CONTOSO),
        (IMAP, FABRIKAM, FABRIKAM),
        (IMAP, "imap.fabrikam.test", FABRIKAM),
        (IMAP, "unknown.test", CONTOSO),
        (IMAP, None, CONTOSO),
        (SMTP, FABRIKAM, FABRIKAM),
        (SMTP, "smtp.fabrikam.test", FABRIKAM),
        (SMTP, BOUGHT, BOUGHT),
        (SMTP, CONTOSO, BOUGHT),
        (SMTP, None, BOUGHT),
    ],
)
def test_each_service_shows_the_certificate_of_the_name_that_is_asked_for(
    changed: Lab, where: tuple[int, str | None], name: str | None, expected: str
) -> None:
    assert subject(changed, where, name) == expected


def test_a_client_gets_a_certificate_of_an_algorithm_that_it_knows(changed: Lab) -> None:
    for where in (POP, IMAP):
        rsa_one, ecdsa_one = (shown(changed, where, CONTOSO, *more)[0] for more in (RSA, ECDSA))
        assert isinstance(rsa_one.public_key(), rsa.RSAPublicKey)
        assert isinstance(ecdsa_one.public_key(), ec.EllipticCurvePublicKey)
    # One with a single key has nothing for who does not know it.
    assert subject(changed, IMAP, FABRIKAM, *RSA) == "nothing"


def test_a_provided_certificate_is_served(changed: Lab, bought: x509.Certificate) -> None:
    leaf, issuer = shown(changed, SMTP, BOUGHT)
    assert (leaf, issuer.subject.rfc4514_string()) == (bought, "CN=An issuing CA")
    mode, owner = changed.front.run("stat -c '%a %U' /etc/mailpair/tls/bought.key").split()
    assert (mode, owner) == ("600", "root")


def test_a_service_that_is_taken_away_is_no_more_served_and_sessions_live_on(changed: Lab, stack: Stack) -> None:
    with socket.create_connection((changed.front.address, 587), timeout=PATIENCE) as session:
        session.recv(1000)
        fewer = {**CERTIFICATES, "Fabrikam mail": {"domain_name": [FABRIKAM], "services": ["IMAP"]}}
        stack.edit({"mailpair_site": {**SITE, "certificates": fewer}})
        stack.up()
        assert subject(changed, SMTP, FABRIKAM) == BOUGHT
        assert subject(changed, IMAP, FABRIKAM) == FABRIKAM
        session.sendall(b"NOOP\r\n")
        assert session.recv(1000).startswith(b"250 ")


def test_a_provided_key_of_another_certificate_is_refused_before_hosts_are_touched(changed: Lab, stack: Stack) -> None:
    key = stack.site_dir / "private/certificates/bought.key"
    right = key.read_text()
    before = changed.front.run("sha256sum /etc/mailpair/tls/bought.key")
    key.write_text(key_pem(new_key()))
    done = stack.up(check=False)
    key.write_text(right)
    said = re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert done.returncode != 0
    assert (
        "certificates[bought].provided.key: 'bought.key': must belong to the certificate; "
        f"that of CN={BOUGHT} was issued for another key"
    ) in said
    assert "BEGIN PRIVATE KEY" not in said
    assert changed.front.run("sha256sum /etc/mailpair/tls/bought.key") == before
