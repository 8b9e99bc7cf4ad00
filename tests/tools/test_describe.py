"""What people and scripts are told about a stack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from mailpair.publish import client_settings_json
from mailpair.servers import Connection, Role, Server, inventory
from mailpair.site import load
from mailpair.state import SiteState
from tests.tools.conftest import Machine
from tools import describe

SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.213.0.11", "fd00::11")),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.213.0.12",)),
)
SITE = """
mailpair_site:
  version: 1
  accepted_domains: [contoso.test, fabrikam.test]
  services:
    imap4: {front_end: true, back_end: true}
  imap_settings:
    external_connection_settings: ["mail.contoso.test:993:SSL", "mail.contoso.test:143:TLS"]
    x509_certificate_name: mail.contoso.test
  certificates:
    mail: {source: private, domain_name: [mail.contoso.test], services: [POP, IMAP, SMTP]}
  receive_connectors:
    Client Frontend: {fqdn: mail.contoso.test, advertise_client_settings: true}
"""
MAILBOXES = """
mailpair_mailboxes:
  ada@contoso.test: {server: back1, email_addresses: [ada.lovelace@contoso.test]}
  bob@fabrikam.test: {server: back1, pop_enabled: false}
  admin@contoso.test: {server: back1, kind: administrator}
  guest@contoso.test: {server: back1, kind: guest}
"""


@pytest.fixture
def site_dir(tmp_path: Path) -> Path:
    """A site of which only ada's password is known."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "site.yml").write_text(SITE)
    (folder / "mailboxes.yml").write_text(MAILBOXES)
    SiteState(folder).ensure_password("ada@contoso.test")
    return folder


@pytest.fixture
def outputs(site_dir: Path) -> dict[str, Any]:
    """What the stack says of itself."""
    connections = {server.name: Connection(server.addresses[0]) for server in SERVERS}
    return {
        "ansible_inventory": inventory(SERVERS, connections, site_dir),
        "client_settings": client_settings_json(load(site_dir), SERVERS),
    }


@pytest.fixture
def facts(site_dir: Path, outputs: dict[str, Any]) -> dict[str, Any]:
    """The description."""
    return describe.describe("lab", outputs, load(site_dir), SiteState(site_dir))


def ada(facts: dict[str, Any]) -> Any:
    """What there is to know about the one mailbox whose password is known."""
    return next(mailbox for mailbox in facts["mailboxes"] if mailbox["address"] == "ada@contoso.test")


def test_a_script_gets_plain_data(facts: dict[str, Any], site_dir: Path) -> None:
    assert json.loads(json.dumps(facts)) == facts
    assert facts["stack"] == "lab"
    assert facts["domain"] == "contoso.test"
    assert facts["accepted_domains"] == ["contoso.test", "fabrikam.test"]
    assert facts["front_ends"] == [
        {"name": "front1", "fqdn": "front1.contoso.test", "addresses": ["10.213.0.11", "fd00::11"]}
    ]
    assert [ip_address(address) for server in facts["back_ends"] for address in server["addresses"]] == [
        ip_address("10.213.0.12")
    ]
    assert facts["virtual_address"] is None
    assert facts["ca_file"] == str(site_dir / "private/ca/certificate.pem")
    assert facts["client_settings"]["outside"]["imap"][0] == {
        "server": "mail.contoso.test",
        "port": 993,
        "encryption": "SSL",
    }
    assert ada(facts) == {
        "address": "ada@contoso.test",
        "email_addresses": ["ada.lovelace@contoso.test"],
        "server": "back1",
        "kind": "user",
        "pop_enabled": True,
        "imap_enabled": True,
        "password_file": str(site_dir / "private/passwords/ada@contoso.test"),
    }
    others = [mailbox for mailbox in facts["mailboxes"] if mailbox != ada(facts)]
    assert [mailbox["password_file"] for mailbox in others] == [None, None, None]
    assert Path(ada(facts)["password_file"]).read_text().strip() not in json.dumps(facts)


def test_a_person_gets_a_summary(facts: dict[str, Any], site_dir: Path) -> None:
    assert (
        describe.render(facts)
        == f"""\
The pair of contoso.test stands.

Servers
  front end  front1.contoso.test  10.213.0.11, fd00::11
  back end   back1.contoso.test   10.213.0.12

Client settings (their server name stands for 10.213.0.11)
  POP   not offered
  IMAP  mail.contoso.test  port 993  TLS from the first byte (SSL)
  IMAP  mail.contoso.test  port 143  STARTTLS (TLS)
  SMTP  mail.contoso.test  port 587  STARTTLS (TLS)

The CA certificate that clients need: {site_dir}/private/ca/certificate.pem

Accounts, and the file that holds the password
  ada@contoso.test   {site_dir}/private/passwords/ada@contoso.test
  bob@fabrikam.test  known to its owner alone

Next
  make verify    signs in to each service, sends a message and reads it back
  make describe  prints all this as JSON
  make up        applies what you change in the site's documents
  make down      removes the hosts and everything else that was made
"""
    )


def test_front_ends_that_share_an_address_are_found_there(site_dir: Path, outputs: dict[str, Any]) -> None:
    with (site_dir / "site.yml").open("a") as file:
        file.write("  virtual_address: 10.213.0.100\n")
    shared = describe.describe("lab", outputs, load(site_dir), SiteState(site_dir))
    assert shared["virtual_address"] == "10.213.0.100"
    assert "(their server name stands for 10.213.0.100)" in describe.render(shared)


def test_another_stack_has_its_name_in_the_next_commands(facts: dict[str, Any]) -> None:
    assert "  make down STACK=branch  " in describe.render({**facts, "stack": "branch"})


@pytest.fixture
def pulumi(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose Pulumi is a false one."""
    monkeypatch.setenv("PATH", str(machine.folder))
    return machine


def test_json_is_all_there_is_on_standard_output(
    pulumi: Machine, outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.pretends("pulumi", f"cat <<'EOF'\n{json.dumps(outputs)}\nEOF")
    assert describe.main(["--stack", "lab", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["domain"] == "contoso.test"
    assert pulumi.log == [f"pulumi stack output --json --stack lab --cwd {describe.PROGRAM}"]
    assert describe.main(["--stack", "lab"]) == 0
    assert capsys.readouterr().out.startswith("The pair of contoso.test stands.\n")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "echo \"error: no stack named 'lab' found\" >&2; exit 255",
            "stack lab: error: no stack named 'lab' found; `make up` brings it up\n",
        ),
        (
            "echo '{}'",
            (
                "stack lab: no output ansible_inventory, client_settings: "
                "it was not brought up to its end; run `make up`\n"
            ),
        ),
    ],
)
def test_a_stack_that_does_not_stand(
    pulumi: Machine, capsys: pytest.CaptureFixture[str], script: str, told: str
) -> None:
    pulumi.pretends("pulumi", script)
    assert describe.main(["--json"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", told)


def test_a_broken_document_is_named(
    pulumi: Machine, outputs: dict[str, Any], site_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.pretends("pulumi", f"cat <<'EOF'\n{json.dumps(outputs)}\nEOF")
    (site_dir / "site.yml").write_text(SITE.replace(":993:SSL", ":993:TSL"))
    assert describe.main(["--json"]) == 1
    assert ":993:TSL" in capsys.readouterr().err


def test_whoever_reads_may_stop_early(pulumi: Machine, outputs: dict[str, Any], tmp_path: Path) -> None:
    pulumi.pretends("pulumi", f"cat <<'EOF'\n{json.dumps(outputs)}\nEOF")
    read, write = os.pipe()
    os.close(read)  # nobody reads any more
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, describe.__file__, "--json"], stdout=nobody, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")
