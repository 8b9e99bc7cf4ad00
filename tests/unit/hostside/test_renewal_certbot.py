"""What certbot is told, and where: no key in an argument, and its complaints in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hostside.renewal import certbot, openssl, source_acme
from hostside.renewal.certbot import Ca, CertbotError
from hostside.renewal.configuration import Certificate
from hostside.renewal.source import CHAIN, KEY, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

DIRECTORY = "https://acme.contoso.test/directory"
SECRET, EAB_SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cw==", "c2VjcmV0LW9mLWEtQ0E"
# Stands in for certbot: notes what it is given, and does what a file beside it says.
PROGRAM = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
settings = pathlib.Path(sys.argv[sys.argv.index("--config") + 1])
files = {{path.name: [oct(path.stat().st_mode & 0o777), path.read_text()] for path in settings.parent.iterdir()}}
seen = {{"arguments": sys.argv[1:], "files": files, "trust": os.environ.get("REQUESTS_CA_BUNDLE")}}
with (here / "seen").open("a") as file:
    file.write(json.dumps(seen) + chr(10))
said = here / "says"
if said.exists():
    log, text = json.loads(said.read_text())
    pathlib.Path({logs!r}, "letsencrypt.log").write_text(log)
    if log:
        said.unlink()
    sys.exit(text)
if "--fullchain-path" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("--fullchain-path") + 1]).write_text("the chain")
"""


class Stand:
    """A host on which certbot is a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs, self.state = folder / "logs", folder / "state"
        program = folder / "certbot"
        program.write_text(PROGRAM.format(python=sys.executable, logs=str(self.logs)))
        program.chmod(0o755)
        for name, text in (("tsig", f"mailpair:{SECRET}\n"), ("eab", f"kid-1:{EAB_SECRET}\n")):
            (folder / name).write_text(text)

    def says(self, text: str, log: str = "") -> None:
        """Lets every run fail; with a log the next one alone."""
        (self.folder / "says").write_text(json.dumps([log, text]))

    def heard(self) -> list[dict[str, Any]]:
        """What each run was given."""
        return [json.loads(line) for line in (self.folder / "seen").read_text().splitlines()]

    def ca(self, **options: Any) -> Ca:
        """A CA, and what differs from one that is asked by HTTP-01."""
        plain = {"directory": DIRECTORY, "email": None, "external_account": None, "ca_file": None, "dns": None}
        return Ca.of(plain | options)

    def dns(self, server: str = "192.0.2.53") -> dict[str, Any]:
        """A name server."""
        return {
            "server": server,
            "port": 53,
            "tsig_key": str(self.folder / "tsig"),
            "tsig_algorithm": "hmac-sha256",
            "propagation": 7,
        }

    def fetch(self, ca: Ca) -> Mapping[str, str]:
        """Fetches; the settings of the last run."""
        certbot.fetch(ca, self.folder / "request", self.folder / "chain")
        text = self.heard()[-1]["files"]["certbot.ini"][1]
        return dict(line.split(" = ", 1) for line in text.splitlines())


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """The host."""
    stand = Stand(tmp_path)
    monkeypatch.setattr(certbot, "PROGRAM", str(tmp_path / "certbot"))
    monkeypatch.setattr(certbot, "STATE", stand.state)
    monkeypatch.setattr(certbot, "ANSWERS", stand.state / "answers")
    monkeypatch.setattr(certbot, "LOGS", stand.logs)
    return stand


def test_http_01_is_answered_from_a_folder_that_others_can_read(stand: Stand) -> None:
    settings = stand.fetch(stand.ca(email="ada@contoso.test"))
    assert settings["server"] == DIRECTORY
    assert settings["email"] == "ada@contoso.test"
    assert settings["authenticator"] == "webroot"
    assert settings["webroot-path"] == str(stand.state / "answers")
    assert (stand.state / "answers").stat().st_mode & 0o777 == 0o755
    assert (stand.folder / "chain").read_text() == "the chain"


def test_what_the_ca_is_told_of_nobody(stand: Stand) -> None:
    settings = stand.fetch(stand.ca())
    assert "email" not in settings
    assert settings["register-unsafely-without-email"] == "true"


def test_keys_are_in_private_files_and_in_no_argument(stand: Stand) -> None:
    settings = stand.fetch(stand.ca(dns=stand.dns(), external_account=str(stand.folder / "eab")))
    (run,) = stand.heard()
    assert (settings["eab-kid"], settings["eab-hmac-key"]) == ("kid-1", EAB_SECRET)
    assert settings["authenticator"] == "dns-rfc2136"
    assert settings["dns-rfc2136-propagation-seconds"] == "7"
    assert run["files"]["dns.ini"] == [
        "0o600",
        (
            "dns_rfc2136_server = 192.0.2.53\n"
            "dns_rfc2136_port = 53\n"
            "dns_rfc2136_name = mailpair\n"
            f"dns_rfc2136_secret = {SECRET}\n"
            "dns_rfc2136_algorithm = HMAC-SHA256\n"
        ),
    ]
    assert run["files"]["certbot.ini"][0] == "0o600"
    assert not any(secret in word for secret in (SECRET, EAB_SECRET) for word in run["arguments"])
    assert not Path(run["arguments"][run["arguments"].index("--config") + 1]).exists()


def test_a_name_server_is_found_by_its_name(stand: Stand) -> None:
    stand.fetch(stand.ca(dns=stand.dns("localhost")))
    text = stand.heard()[-1]["files"]["dns.ini"][1]
    assert text.splitlines()[0] in {"dns_rfc2136_server = 127.0.0.1", "dns_rfc2136_server = ::1"}


def test_accounts_and_logs_are_for_root_alone(stand: Stand) -> None:
    ca = stand.ca()
    stand.fetch(ca)
    assert ca.folder.stat().st_mode & 0o777 == 0o700
    assert stand.logs.stat().st_mode & 0o777 == 0o700


def test_each_ca_and_each_account_of_its_giving_has_a_folder_of_its_own(stand: Stand) -> None:
    other = f"{DIRECTORY}/other"
    cas = (stand.ca(), stand.ca(directory=other), stand.ca(external_account="a"), stand.ca(external_account="b"))
    assert len({ca.folder for ca in cas}) == len(cas)


def test_a_private_directory_is_checked_by_its_own_ca(stand: Stand) -> None:
    stand.fetch(stand.ca(ca_file="/etc/mailpair/acme/ca.pem"))
    assert stand.heard()[-1]["trust"] == "/etc/mailpair/acme/ca.pem"


def test_another_email_is_told_once(stand: Stand) -> None:
    for email in (None, "ada@contoso.test", "ada@contoso.test"):
        stand.fetch(stand.ca(email=email))
    assert [run["arguments"][0] for run in stand.heard()] == ["certonly", "update_account", "certonly", "certonly"]


def test_a_ca_that_has_forgotten_the_account_gets_a_new_one(stand: Stand) -> None:
    ca = stand.ca()
    stand.fetch(ca)
    (ca.folder / "accounts").mkdir()
    stand.says("Account https://acme.contoso.test/1 not found.", log="urn:ietf:params:acme:error:accountDoesNotExist")
    stand.fetch(ca)
    assert not (ca.folder / "accounts").exists()


def test_a_refusal_is_told_in_one_line(stand: Stand) -> None:
    stand.says(
        "Saving debug log to /var/log/mailpair/acme/letsencrypt.log\n"
        "Certbot failed to authenticate some domains (authenticator: webroot). The CA reported these problems:\n"
        "  Domain: mail.contoso.test\n  Type:   connection\n  Detail: Connection refused\n\n"
        "Hint: The Certificate Authority failed to download ...\n\n"
        "Some challenges have failed.\nAsk for help or search for solutions at https://community.letsencrypt.org.\n"
    )
    with pytest.raises(CertbotError) as refused:
        stand.fetch(stand.ca())
    assert str(refused.value) == "Domain: mail.contoso.test Type: connection Detail: Connection refused"


def test_a_name_server_that_is_nowhere_is_named(stand: Stand) -> None:
    with pytest.raises(CertbotError, match=r"^nowhere\.invalid: "):
        stand.fetch(stand.ca(dns=stand.dns("nowhere.invalid")))


def wanted(stand: Stand) -> Certificate:
    """A certificate of that CA."""
    ca = {"directory": DIRECTORY, "email": None, "external_account": None, "ca_file": None, "dns": None}
    names = ("mail.contoso.test", "imap.contoso.test")
    return Certificate("mail", "acme", stand.folder / "mail.pem", stand.folder / "mail.key", names, options={"ca": ca})


def test_the_key_is_made_here_and_the_request_has_all_names(stand: Stand, tmp_path: Path) -> None:
    folder = tmp_path / "staged"
    folder.mkdir()
    program = stand.folder / "certbot"
    keep = 'import shutil; shutil.copy(sys.argv[sys.argv.index("--csr") + 1], here / "csr")\n'
    program.write_text(program.read_text().replace("said = here", keep + "said = here"))
    source_acme.obtain(wanted(stand), folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([CHAIN, KEY])
    assert (folder / KEY).stat().st_mode & 0o777 == 0o600
    text = openssl.run("req", "-in", stand.folder / "csr", "-noout", "-text", "-verify")
    assert "DNS:mail.contoso.test, DNS:imap.contoso.test" in text


def test_why_there_is_no_certificate_is_said_with_the_ca(stand: Stand, tmp_path: Path) -> None:
    folder = tmp_path / "staged"
    folder.mkdir()
    stand.says("An unexpected error occurred:\nToo many certificates already issued for exact set of names\n")
    with pytest.raises(SourceError) as refused:
        source_acme.obtain(wanted(stand), folder)
    assert str(refused.value) == f"{DIRECTORY}: Too many certificates already issued for exact set of names"
