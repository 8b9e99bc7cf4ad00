"""The one inventory of a site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailpair.servers import Connection, Role, Server, inventory

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11"))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))


def test_servers_are_in_the_groups_of_their_roles() -> None:
    connections = {
        "front1": Connection("10.0.0.11", "admin", 2222, Path("/s s/key"), Path("/s s/known_hosts"), "1f2e"),
        "back1": Connection("10.0.0.12"),
    }
    rendered = inventory([FRONT, BACK], connections, Path("/sites/lab"))
    assert rendered == {
        "all": {
            "children": {
                "client_access": {
                    "hosts": {
                        "front1": {
                            "ansible_host": "10.0.0.11",
                            "ansible_user": "admin",
                            "ansible_port": 2222,
                            "ansible_ssh_private_key_file": "/s s/key",
                            "ansible_ssh_common_args": (
                                "-o 'UserKnownHostsFile=\"/s s/known_hosts\"' -o StrictHostKeyChecking=yes"
                            ),
                            "mailpair_fqdn": "front1.contoso.test",
                            "mailpair_addresses": ["10.0.0.11", "fd00::11"],
                            "mailpair_instance": "1f2e",
                        }
                    }
                },
                "mailbox": {
                    "hosts": {
                        "back1": {
                            "ansible_host": "10.0.0.12",
                            "ansible_user": "root",
                            "ansible_port": 22,
                            "mailpair_fqdn": "back1.contoso.test",
                            "mailpair_addresses": ["10.0.0.12"],
                        }
                    }
                },
            },
            "vars": {"mailpair_site_dir": "/sites/lab"},
        }
    }
    assert json.loads(json.dumps(rendered)) == rendered


def test_a_group_without_servers_is_there() -> None:
    children = inventory([], {}, Path("/sites/lab"))["all"]["children"]
    assert children == {"client_access": {"hosts": {}}, "mailbox": {"hosts": {}}}


def test_a_server_that_nobody_can_reach_is_an_error() -> None:
    with pytest.raises(KeyError, match="front1"):
        inventory([FRONT], {}, Path("/sites/lab"))
