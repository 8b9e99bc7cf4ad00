"""The page at which users look up their settings, on the front end: a real browser, nginx, the program, Dovecot."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import plistlib
import secrets
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.e2e.support import hashes
from tests.support.browser import CHROMIUM, Browser, Page, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="needs chromium, which `tools/bootstrap tests` installs"
)
URL = "https://mail.contoso.test"
SETTINGS = f"{URL}/options/account/settings"
ON = {
    "web_site": {"enabled": True},
    "certificates": {"mail": {"services": ["POP", "IMAP", "SMTP", "IIS"]}},
}


@pytest.fixture(scope="module", autouse=True)
def web_site(stack: Stack) -> Iterator[None]:
    """The site with its page on; off again at the end."""
    stack.edit({"mailpair_site": ON})
    stack.up()
    yield
    stack.restore()


@pytest.fixture(scope="module")
def browser(web_site: None, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that trusts the front end's key, since it can't be told of the site's CA by itself."""
    certificate = x509.load_pem_x509_certificate(
        ssl.get_server_certificate((lab.front.address, 443), timeout=60).encode()
    )
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(hashlib.sha256(key).digest()).decode()
    with chromium(
        tmp_path_factory.mktemp("chromium"),
        f"--host-resolver-rules=MAP mail.contoso.test {lab.front.address}",
        f"--ignore-certificate-errors-spki-list={trusted}",
    ) as browser:
        yield browser


def sign_in(page: Page, lab: Lab, address: str, password: str | None = None) -> None:
    page.open(f"{URL}/")
    page.type("#user", address)
    page.type("#password", password or lab.password(address))
    page.go("button.main")


def rows(page: Page) -> list[str]:
    """The tables, row by row."""
    found: list[str] = page(
        """[...document.querySelectorAll("tbody tr")].map(row => [...row.cloneNode(true).children].map(cell => {
        cell.querySelectorAll("button, span").forEach(each => each.remove());
        return cell.textContent.trim(); }).join(" "))"""
    )
    return found


def test_a_user_looks_up_settings_that_hold(lab: Lab, browser: Browser) -> None:
    page = browser.page()
    sign_in(page, lab, "ada@contoso.test")
    assert page("location.href") == SETTINGS
    assert rows(page)[:3] == [
        "POP mail.contoso.test 995 SSL/TLS",
        "IMAP mail.contoso.test 993 SSL/TLS",
        "SMTP mail.contoso.test 587 STARTTLS",
    ]
    assert page.complaints() == []
    (cookie,) = page.cookies()
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")


def test_switches_are_shown_as_they_are(lab: Lab, browser: Browser) -> None:
    for user, off in (("carol", "POP"), ("dora", "IMAP")):
        page = browser.page()
        sign_in(page, lab, f"{user}@contoso.test")
        assert page("document.querySelector('.off dt').textContent") == off
        assert off not in {row.split()[0] for row in rows(page)}


def test_a_profile_is_signed_by_the_front_end(lab: Lab, browser: Browser, tmp_path: Path) -> None:
    page = browser.page()
    sign_in(page, lab, "ada@contoso.test")
    signed = page.download(".profiles a", tmp_path).read_bytes()
    verify = "openssl cms -verify -inform DER -purpose any -CAfile /etc/mailpair/tls/ca.pem"
    content = lab.front.run(f"base64 -d | {verify} 2>/dev/null", stdin=base64.b64encode(signed).decode())
    mail, authority = plistlib.loads(content.encode())["PayloadContent"]
    assert authority["PayloadContent"] == ssl.PEM_cert_to_DER_cert(lab.state.ca_certificate.read_text())
    assert (mail["EmailAddress"], mail["EmailAccountType"]) == ("ada@contoso.test", "EmailTypeIMAP")
    assert (mail["IncomingMailServerHostName"], mail["IncomingMailServerPortNumber"]) == ("mail.contoso.test", 993)
    assert (mail["OutgoingMailServerHostName"], mail["OutgoingMailServerPortNumber"]) == ("mail.contoso.test", 587)


@pytest.mark.parametrize("address", ["ada", "nobody", "administrator", "guest", "anonymous"])
def test_who_may_not_sign_in_is_told_what_a_wrong_password_is_told(lab: Lab, browser: Browser, address: str) -> None:
    page = browser.page()
    known = address not in ("ada", "nobody")
    sign_in(page, lab, f"{address}@contoso.test", None if known else "wrong")
    assert page("document.querySelector('[role=alert]').textContent") == (
        "The address or the password is not right, or this mailbox may not sign in."
    )


def test_the_password_of_somebody_unknown_costs_a_hash(lab: Lab, browser: Browser) -> None:
    hashes.forget(lab)
    assert not hashes.computed(lab)
    page = browser.page()
    sign_in(page, lab, "nobody@contoso.test", "wrong")
    assert page("document.querySelector('[role=alert]') !== null")
    assert hashes.computed(lab)


def test_the_program_reaches_neither_mail_nor_keys_nor_the_network(lab: Lab) -> None:
    pid = lab.front.run("systemctl show --property=MainPID --value mailpair-portal").strip()
    look = f"nsenter --target {pid} --mount --setuid $(id -u mailpair-portal) --setgid $(id -g mailpair-portal)"
    for path in ("/etc/mailpair/tls/server.key", "/etc/mailpair/directory/accounts.db", "/var/log/nginx/access.log"):
        assert lab.front.run(f"test -e {path} && echo there").strip() == "there"
        assert lab.front.run(f"{look} cat {path} 2>&1", check=False).endswith(": Permission denied\n"), path
    interfaces = json.loads(lab.front.run(f"nsenter --target {pid} --net ip -json link"))
    assert [each["ifname"] for each in interfaces] == ["lo"]
    security = json.loads(lab.front.run("systemd-analyze security --json=short mailpair-portal.service"))
    assert [each["name"] for each in security if each["set"] is False and each["exposure"] not in (None, "0.1")] == []
    assert lab.front.run("stat --format '%a %U' /var/lib/mailpair-portal/key") == "600 mailpair-portal\n"
    assert lab.front.run("stat --format '%a %U:%G' /etc/mailpair/portal.json") == "640 root:mailpair-portal\n"


def test_a_session_ends_with_the_password_that_began_it(stack: Stack, lab: Lab, browser: Browser) -> None:
    page, address = browser.page(), "carol@contoso.test"
    sign_in(page, lab, address)
    former = lab.password(address)
    lab.state.set_password(address, secrets.token_urlsafe(12))
    try:
        stack.playbook(stack.inventory(), name="mailboxes.yml")
        page.open(SETTINGS)
        assert page("location.pathname") == "/sign-in"
    finally:
        lab.state.hash_file(address).unlink()
        lab.state.password_file(address).write_text(former + "\n")
        stack.playbook(stack.inventory(), name="mailboxes.yml")


def test_a_change_is_seen_at_once_by_who_is_signed_in(stack: Stack, lab: Lab, browser: Browser) -> None:
    page = browser.page()
    sign_in(page, lab, "ada@contoso.test")
    program = lab.front.run("systemctl show --property=MainPID mailpair-portal nginx dovecot")
    change = {
        **ON,
        "imap_settings": {"external_connection_settings": ["mail.contoso.test:143:TLS"]},
    }
    stack.edit({"mailpair_site": change})
    stack.edit({"mailpair_mailboxes": {"ada@contoso.test": {"pop_enabled": False}}}, "mailboxes.yml")
    stack.up()
    page.open(SETTINGS)
    assert page("location.href") == SETTINGS
    assert rows(page)[:2] == ["IMAP mail.contoso.test 143 STARTTLS", "SMTP mail.contoso.test 587 STARTTLS"]
    assert page("document.querySelector('.off dt').textContent") == "POP"
    assert lab.front.run("systemctl show --property=MainPID mailpair-portal nginx dovecot") == program
