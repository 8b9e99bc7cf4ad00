"""What the program reads and refuses before it asks for anything."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pulumi_stack.dns_config import Secret
from pulumi_stack.errors import StackError
from pulumi_stack.platforms.nspawn.platform import NspawnPlatform, requirements
from pulumi_stack.program import check, platform, raw_config
from pulumi_stack.publishing import Publishing, publishing

LAB = Path(__file__).parents[3] / "inventories" / "lab"
EXISTING = [
    {"name": "front1", "role": "client_access", "host": "192.0.2.1"},
    {"name": "back1", "role": "mailbox", "host": "192.0.2.2", "address6": "2001:db8::2"},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("site.yml", "mailboxes.yml"):
        (tmp_path / "inventories" / "lab").mkdir(parents=True, exist_ok=True)
        shutil.copy(LAB / name, tmp_path / "inventories" / "lab")
    project = tmp_path / "pulumi_stack"
    project.mkdir()
    return project


def test_only_the_programs_own_settings_are_read() -> None:
    named = {
        "mailpair:configure": "false",
        "mailpair:servers": '[{"name": "front1"}]',
        "mailpair:image_packages": "not JSON",
        "aws:region": "eu",
    }
    assert raw_config(named) == {
        "configure": "false",
        "servers": [{"name": "front1"}],
        "image_packages": "not JSON",
    }


def test_what_may_be_the_key_is_shown_nowhere(project: Path) -> None:
    named = {"mailpair:dns_key": "a2V5", "mailpair:dns_kye": "a2V5", "mailpair:subnet": "10.9.0.0/24"}
    raw = raw_config(named, named)
    assert raw == {"dns_key": Secret("a2V5"), "dns_kye": Secret("a2V5"), "subnet": "10.9.0.0/24"}
    assert "a2V5" not in f"{raw}"
    with pytest.raises(StackError) as error:
        check(raw, project, "unmade")
    assert "a2V5" not in str(error.value)
    assert "dns_kye: [secret]: is no setting here; " in str(error.value)


DNS = {"server": "192.0.2.53", "zone": "contoso.test", "key_name": "mailpair"}


def test_the_zone_must_have_names_of_the_site(project: Path) -> None:
    raw = {"platform": "existing", "servers": EXISTING, "dns_key": Secret("a2V5")}
    config, _ = check({**raw, "dns": DNS}, project, "unmade")
    assert config.dns is not None
    with pytest.raises(StackError) as error:
        check({**raw, "dns": {**DNS, "zone": "so.test", "leave_out": ["contoso.test CNAME"]}}, project, "unmade")
    assert [str(each).partition("; these are ")[0] for each in error.value.problems] == [
        "dns.leave_out[0]: 'contoso.test CNAME': must be a name and a type that the site has records of",
        "dns.zone: 'so.test': must be a zone that names of the site are in, such as contoso.test",
    ]


def test_addresses_are_published_before_services_and_the_zone_s_alone(project: Path) -> None:
    document = project.parent / "inventories" / "lab" / "site.yml"
    document.write_text(document.read_text().replace("accepted_domains: [", "accepted_domains: [fabrikam.test, "))
    servers = [{**EXISTING[0], "address6": "2001:db8::1", "fqdn": "mx.elsewhere.test"}, EXISTING[1]]
    raw = {"platform": "existing", "servers": servers, "dns_key": Secret("a2V5")}
    config, site = check({**raw, "dns": {**DNS, "leave_out": ["contoso.test TXT"]}}, project, "unmade")
    found = publishing(config.dns, site, platform(config, site, "").servers)
    assert [each.label for each in found.addresses] == ["mail.contoso.test A", "mail.contoso.test AAAA"]
    assert [each.label for each in found.services] == [
        "contoso.test MX",
        *(f"_{each}._tcp.contoso.test SRV" for each in SERVICES),
    ]
    assert {each.name for each in found.outside} >= {"mx.elsewhere.test.", "fabrikam.test."}
    assert not [each for each in found.outside if each.name.endswith("contoso.test.")]
    assert publishing(None, site, ()) == Publishing((), (), ())


SERVICES = ("imaps", "imap", "pop3s", "pop3", "submissions", "submission")


def test_existing_servers_are_known_as_their_administrator_says(project: Path) -> None:
    config, site = check({"platform": "existing", "servers": EXISTING}, project, "unmade")
    servers = platform(config, site, "lab").servers
    assert [(each.name, each.fqdn, each.addresses) for each in servers] == [
        ("front1", "front1.contoso.test", ("192.0.2.1",)),
        ("back1", "back1.contoso.test", ("192.0.2.2", "2001:db8::2")),
    ]


def test_machines_have_an_address_in_each_family(project: Path) -> None:
    config, site = check({}, project, "unmade")
    servers = NspawnPlatform(config, site.domain, "lab").servers
    assert [(each.fqdn, each.addresses[0]) for each in servers] == [
        ("front1.contoso.test", "10.213.0.11"),
        ("back1.contoso.test", "10.213.0.12"),
    ]
    assert all(each.addresses[1].startswith("fd") for each in servers)


def test_a_mailbox_on_a_server_that_is_not_there_is_refused(project: Path) -> None:
    with pytest.raises(StackError) as error:
        check({"platform": "existing", "servers": EXISTING[:1]}, project, "unmade")
    assert "mailboxes[ada@contoso.test].server: 'back1': must be a mailbox server" in str(error.value)


def test_configuration_and_documents_are_refused_together(project: Path) -> None:
    (project.parent / "inventories" / "lab" / "site.yml").write_text("mailpair_site: {version: 2}\n")
    with pytest.raises(StackError) as error:
        check({"subnet": "x"}, project, "unmade")
    paths = [problem.path for problem in error.value.problems]
    assert "subnet" in paths
    assert len(paths) > 1


def test_what_machines_need_is_told() -> None:
    assert requirements(user=lambda: 0, which=lambda name: f"/usr/bin/{name}") == []
    missing = requirements(user=lambda: 1000, which=lambda name: None if name == "nft" else name)
    assert [str(problem) for problem in missing] == [
        "platform: 'nspawn': making machines needs the rights of root; run it with sudo or as root",
        "platform: 'nspawn': needs the program nft; install the package nftables",
    ]
