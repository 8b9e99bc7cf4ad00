"""The servers of a plain inventory, as far as it can be read without Ansible."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpair.hosts_file import read_hosts
from mailpair.servers import Role, Server

LAB = Path(__file__).parents[2] / "inventories" / "lab" / "hosts.yml"


def test_the_lab_s_servers_are_read() -> None:
    assert read_hosts(LAB, "contoso.test") == (
        Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.213.0.11",)),
        Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.213.0.12",)),
    )


def test_hosts_are_found_at_any_depth_with_their_variables(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text("""\
all:
  hosts:
    back1: {ansible_host: 10.0.0.12, mailpair_fqdn: Store.Contoso.test}
  children:
    dublin:
      children:
        mailbox: {hosts: {back1: {mailpair_addresses: [10.0.0.12, "fd00::12"]}}}
        client_access: {hosts: {10.0.0.11: null, front2: {ansible_host: "{{ network }}.13"}}}
    others: null
""")
    assert read_hosts(path, "contoso.test") == (
        Server("10.0.0.11", Role.CLIENT_ACCESS, "10.0.0.11.contoso.test", ("10.0.0.11",)),
        Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ()),
        Server("back1", Role.MAILBOX, "store.contoso.test", ("10.0.0.12", "fd00::12")),
    )


@pytest.mark.parametrize("text", ["", "[]", "all:", "all: [front1]", "{", "all: {children: [x]}", "\x00", "*a"])
def test_what_is_no_inventory_has_no_servers(tmp_path: Path, text: str) -> None:
    (tmp_path / "hosts.yml").write_text(text)
    assert read_hosts(tmp_path / "hosts.yml", "contoso.test") == ()


def test_no_inventory_has_no_servers(tmp_path: Path) -> None:
    assert read_hosts(tmp_path / "hosts.yml", "contoso.test") == ()
