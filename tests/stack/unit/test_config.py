"""A stack's configuration: what each text means, and what is said about a wrong one, word for word."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from mailpair.servers import Role
from pulumi_stack.config import SERVER_KEYS, SETTINGS, ServerConfig, parse
from pulumi_stack.dns_config import DNS_KEYS
from pulumi_stack.errors import StackError
from pulumi_stack.packages import of_all_roles


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as the program's, beside the folder of a site."""
    (tmp_path / "inventories" / "lab").mkdir(parents=True)
    (tmp_path / "key").write_text("a key")
    project = tmp_path / "pulumi_stack"
    project.mkdir()
    return project


def front(**more: Any) -> dict[str, Any]:
    return {"name": "front1", "role": "client_access", **more}


def test_nothing_configured_is_the_lab(project: Path) -> None:
    config = parse({}, project)
    assert config.platform == "nspawn"
    assert config.site_dir == project.parent / "inventories" / "lab"
    assert config.servers == (
        ServerConfig("front1", Role.CLIENT_ACCESS, None, IPv4Address("10.213.0.11")),
        ServerConfig("back1", Role.MAILBOX, None, IPv4Address("10.213.0.12")),
    )
    assert config.configure
    assert config.subnet == IPv4Network("10.213.0.0/24")
    assert config.image_packages == of_all_roles()
    assert config.bare_machines == {}


def test_every_setting_of_nspawn_is_used(project: Path) -> None:
    raw = {
        "platform": "nspawn",
        "site": str(project),
        "subnet": "10.9.0.0/28",
        "servers": [front(address="10.9.0.5", fqdn="mx.example.org"), {"name": "b", "role": "mailbox"}],
        "configure": "false",
        "image_packages": ["less"],
        "bare_machines": [],
    }
    config = parse(raw, project)
    assert config.site_dir == project
    assert config.servers == (
        ServerConfig("front1", Role.CLIENT_ACCESS, "mx.example.org", IPv4Address("10.9.0.5")),
        ServerConfig("b", Role.MAILBOX, None, IPv4Address("10.9.0.12")),
    )
    assert not config.configure
    assert config.subnet == IPv4Network("10.9.0.0/28")
    assert config.image_packages == ("less",)


def test_bare_machines_have_addresses_of_their_own(project: Path) -> None:
    config = parse({"bare_machines": ["outside", "further"]}, project)
    assert config.bare_machines == {"outside": IPv4Address("10.213.0.101"), "further": IPv4Address("10.213.0.102")}


def test_every_setting_of_an_existing_server_is_used(project: Path) -> None:
    server = front(
        host="front1.example.org",
        address="192.0.2.7",
        address6="2001:db8::7",
        user="admin",
        port=2222,
        key="../key",
        fqdn="mx.example.org",
    )
    config = parse({"platform": "existing", "servers": [server]}, project)
    assert config.servers == (
        ServerConfig(
            name="front1",
            role=Role.CLIENT_ACCESS,
            fqdn="mx.example.org",
            address=IPv4Address("192.0.2.7"),
            address6=IPv6Address("2001:db8::7"),
            host="front1.example.org",
            user="admin",
            port=2222,
            key=project / "../key",
        ),
    )


@pytest.mark.parametrize("given", [{"host": "192.0.2.7"}, {"address": "192.0.2.7"}])
def test_one_address_is_enough_for_an_existing_server(project: Path, given: dict[str, Any]) -> None:
    (server,) = parse({"platform": "existing", "servers": [front(**given)]}, project).servers
    assert (server.host, str(server.address), server.user, server.port) == ("192.0.2.7", "192.0.2.7", "root", 22)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "a key that does not exist",
        {"plattform": "nspawn"},
        (
            "plattform: 'nspawn': is no setting here; these are: "
            "platform, site, servers, configure, subnet, image_packages, bare_machines, dns, dns_key"
        ),
    ),
    ("platform", {"platform": "cloud"}, "platform: 'cloud': must be nspawn or existing"),
    ("configure", {"configure": "yes"}, "configure: 'yes': must be true or false"),
    (
        "subnet with host bits",
        {"subnet": "10.213.0.1/24"},
        "subnet: '10.213.0.1/24': must be an IPv4 network without host bits, such as 10.213.0.0/24",
    ),
    (
        "public subnet",
        {"subnet": "8.8.8.0/24"},
        "subnet: '8.8.8.0/24': must be a private network; take one from 10.0.0.0/8",
    ),
    ("tiny subnet", {"subnet": "10.213.0.0/30"}, "subnet: '10.213.0.0/30': must be a /29 or larger"),
    (
        "small subnet",
        {"subnet": "10.213.0.0/29", "servers": [front()]},
        "servers[0].address: missing: 10.213.0.0/29 has no address number 11; give an address",
    ),
    (
        "no servers",
        {"servers": []},
        "servers: []: must be a list of one or more servers, each with name and role",
    ),
    (
        "no servers that exist",
        {"platform": "existing"},
        "servers: missing: must be a list of one or more servers, each with name and role",
    ),
    ("a server that is a text", {"servers": ["front1"]}, "servers[0]: 'front1': must have name and role"),
    ("no name", {"servers": [{"role": "mailbox"}]}, "servers[0].name: missing: must be given"),
    (
        "name",
        {"servers": [{"name": "Front_1", "role": "mailbox"}]},
        (
            "servers[0].name: 'Front_1': must be a host name: a letter first, then letters, digits and hyphens, "
            "40 characters at most"
        ),
    ),
    (
        "role",
        {"servers": [{"name": "front1", "role": "frontend"}]},
        "servers[0].role: 'frontend': must be client_access or mailbox",
    ),
    (
        "no role",
        {"servers": [{"name": "front1"}]},
        "servers[0].role: missing: must be client_access or mailbox",
    ),
    (
        "fqdn",
        {"servers": [front(fqdn="front1")]},
        "servers[0].fqdn: 'front1': must be a host name with its domain, in lower case",
    ),
    (
        "host of a machine that is made",
        {"servers": [front(host="h")]},
        "servers[0].host: 'h': is no setting here; these are: name, role, fqdn, address",
    ),
    (
        "address that is none",
        {"servers": [front(address="ten")]},
        "servers[0].address: 'ten': must be an IPv4 address in 10.213.0.0/24",
    ),
    (
        "address outside",
        {"servers": [front(address="10.214.0.5")]},
        (
            "servers[0].address: '10.214.0.5': must be a host's address in 10.213.0.0/24, "
            "and not the gateway's, 10.213.0.1"
        ),
    ),
    (
        "the gateway's address",
        {"servers": [front(address="10.213.0.1")]},
        (
            "servers[0].address: '10.213.0.1': must be a host's address in 10.213.0.0/24, "
            "and not the gateway's, 10.213.0.1"
        ),
    ),
    (
        "a name twice",
        {"servers": [front(), front()]},
        "servers: 'front1': two of them have this name",
    ),
    (
        "an address twice",
        {"servers": [front(), {"name": "back1", "role": "mailbox", "address": "10.213.0.11"}]},
        "servers: '10.213.0.11': two of them have this address",
    ),
    ("packages", {"image_packages": "less"}, "image_packages: 'less': must be a list of texts"),
    (
        "a bare machine with a server's name",
        {"bare_machines": ["back1"]},
        "bare_machines: 'back1': two of them have this name",
    ),
    (
        "a bare machine's name",
        {"bare_machines": ["-"]},
        (
            "bare_machines[0]: '-': must be a host name: a letter first, then letters, digits and hyphens, "
            "40 characters at most"
        ),
    ),
    (
        "bare machines on hosts that exist",
        {"platform": "existing", "servers": [front(host="192.0.2.7")], "bare_machines": ["outside"]},
        "bare_machines: ['outside']: can only be made on the platform nspawn",
    ),
    (
        "no way to an existing server",
        {"platform": "existing", "servers": [front()]},
        (
            "servers[0].address: None: must be an IP address at which the other servers reach this one\n"
            "servers[0].host: missing: must be the name or address that SSH reaches the server at"
        ),
    ),
    (
        "a name without an address",
        {"platform": "existing", "servers": [front(host="front1.example.org")]},
        "servers[0].address: 'front1.example.org': must be an IP address at which the other servers reach this one",
    ),
    (
        "user",
        {"platform": "existing", "servers": [front(host="192.0.2.7", user="Admin!")]},
        "servers[0].user: 'Admin!': must be the name of a user",
    ),
    (
        "port",
        {"platform": "existing", "servers": [front(host="192.0.2.7", port=0)]},
        "servers[0].port: 0: must be a port from 1 to 65535",
    ),
]


@pytest.mark.parametrize(("raw", "text"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_setting_is_named(project: Path, raw: dict[str, Any], text: str) -> None:
    with pytest.raises(StackError) as error:
        parse(raw, project)
    assert str(error.value) == text


def test_folders_and_files_that_are_missing_are_named(project: Path) -> None:
    server = front(host="192.0.2.7", key="none")
    with pytest.raises(StackError) as error:
        parse({"platform": "existing", "site": "../nowhere", "servers": [server]}, project)
    assert str(error.value) == (
        f"servers[0].key: 'none': must be the file of a private SSH key, and there is no {project}/none\n"
        f"site: '../nowhere': must be the folder of a site; {project.parent}/nowhere is no folder"
    )


def test_everything_wrong_is_told_at_once(project: Path) -> None:
    raw = {
        "platform": "cloud",
        "subnet": "x",
        "servers": [{"name": "a", "role": "x"}, {"name": "B", "role": "mailbox"}],
        "configure": 7,
    }
    with pytest.raises(StackError) as error:
        parse(raw, project)
    assert [problem.path for problem in error.value.problems] == [
        "configure",
        "platform",
        "servers[0].role",
        "servers[1].name",
        "subnet",
    ]


def test_the_readme_tells_every_setting() -> None:
    readme = (Path(__file__).parents[3] / "pulumi_stack" / "README.md").read_text()
    for key in (*SETTINGS, *DNS_KEYS, *(key for keys in SERVER_KEYS.values() for key in keys)):
        assert f"`{key}`" in readme
