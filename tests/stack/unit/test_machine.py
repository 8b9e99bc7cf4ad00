"""What a machine's root says about it, how it is started, and how it is found."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from pathlib import Path

import pytest

from pulumi_stack.errors import StackError
from pulumi_stack.platforms.nspawn import host, processes
from pulumi_stack.platforms.nspawn.machine import MachineSpec, resolv_conf
from pulumi_stack.platforms.nspawn.names import StackNames

NAMES = StackNames("lab").machine("front1")
SPEC = MachineSpec(
    names=NAMES,
    owner="/srv/mail",
    fqdn="front1.contoso.test",
    bridge="mp-lab",
    address=IPv4Interface("10.213.0.11/24"),
    address6=IPv6Interface("fd00::b/64"),
    gateway=IPv4Address("10.213.0.1"),
)


def test_the_root_says_who_the_machine_is() -> None:
    files = {each.path: each for each in SPEC.files(authorized_key="ssh-ed25519 AAAA me", resolv_conf="nameserver x\n")}
    assert files["etc/hostname"].content == "front1\n"
    assert files["etc/hosts"].content == (
        "127.0.0.1 localhost\n::1 localhost\n"
        "10.213.0.11 front1.contoso.test front1\nfd00::b front1.contoso.test front1\n"
    )
    assert files["etc/resolv.conf"].content == "nameserver x\n"
    assert files["root/.ssh/authorized_keys"].content == "ssh-ed25519 AAAA me\n"
    network = files["etc/systemd/network/10-host0.network"].content
    assert "Address=10.213.0.11/24\nAddress=fd00::b/64\nGateway=10.213.0.1\n" in network


def test_the_host_key_is_for_root_alone() -> None:
    modes = {each.path: each.mode for each in SPEC.host_key_files("PRIVATE", "ssh-ed25519 AAAA", "0" * 32)}
    assert modes["etc/ssh/ssh_host_ed25519_key"] == 0o600


def test_without_systemd_it_is_detached_and_has_a_control_group_of_its_own() -> None:
    command = list(SPEC.start())
    assert command[:3] == ["setsid", "--fork", "unshare"]
    script = command[command.index("-c") + 1]
    subprocess.run([str(shutil.which("sh")), "-n"], input=script, text=True, check=True)
    assert command[command.index("-c") + 3] == "mailpair-lab-front1"
    nspawn = command[command.index("systemd-nspawn") :]
    assert "--register=no" in nspawn
    assert f"--directory={NAMES.root}" in nspawn


def test_with_systemd_it_is_a_machine_that_comes_back_at_boot() -> None:
    unit = SPEC.unit()
    assert "ExecStart=systemd-nspawn --quiet --boot " in unit
    assert "--register=no" not in unit
    assert "Requires=mailpair-lab-network.service\n" in unit
    assert "WantedBy=machines.target\n" in unit


@pytest.mark.parametrize(
    ("own", "upstream", "text"),
    [
        ("# made by hand\nnameserver 192.0.2.53\n", None, "nameserver 192.0.2.53\n"),
        (
            "search example.org\nnameserver 127.0.0.1\nnameserver 192.0.2.53\noptions edns0\n",
            None,
            "search example.org\nnameserver 192.0.2.53\noptions edns0\n",
        ),
        ("nameserver 127.0.0.53\n", "nameserver 192.0.2.53\n", "nameserver 192.0.2.53\n"),
        ("nameserver fe80::1%eth0\n", None, "nameserver fe80::1%eth0\n"),
    ],
)
def test_names_are_resolved_where_the_host_has_them_resolved(own: str, upstream: str | None, text: str) -> None:
    assert resolv_conf(own, upstream) == text


@pytest.mark.parametrize("upstream", [None, "nameserver 127.0.0.1\n"])
def test_a_resolver_that_machines_cannot_reach_is_refused(upstream: str | None) -> None:
    with pytest.raises(StackError) as error:
        resolv_conf("nameserver 127.0.0.53\n", upstream)
    assert str(error.value) == (
        "/etc/resolv.conf: 'nameserver 127.0.0.53': must name a server that machines can reach, not one on the "
        "loopback interface; add a nameserver line with the address of one"
    )


def process(proc: Path, number: object, *arguments: str, namespace: str = "pid:[1]") -> None:
    folder = proc / str(number)
    (folder / "ns").mkdir(parents=True)
    (folder / "ns" / "pid").symlink_to(namespace)
    (folder / "cmdline").write_text("".join(f"{each}\0" for each in arguments))


def test_only_its_own_process_is_found(tmp_path: Path) -> None:
    nspawn = tuple(SPEC.nspawn())
    process(tmp_path, 7, *nspawn)
    process(tmp_path, 8, "sh", "-c", "script", "sh", "group", *nspawn)
    process(tmp_path, 9, *(each.replace("front1", "front11") for each in nspawn))
    process(tmp_path, 10, "grep", "--machine=lab-front1")
    process(tmp_path, 11, *nspawn, namespace="pid:[2]")  # of a container that has the same stack
    process(tmp_path, "self", "python")
    assert processes.find(NAMES, tmp_path) == [7, 8]


def test_files_are_written_below_the_root(tmp_path: Path) -> None:
    host.write_inside(tmp_path, "root/.ssh/authorized_keys", "key\n", 0o600)
    path = tmp_path / "root" / ".ssh" / "authorized_keys"
    assert path.read_text() == "key\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_link_in_a_root_does_not_lead_out_of_it(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (outside / "hosts").write_text("untouched")
    root.mkdir()
    (root / "etc").symlink_to(outside)
    with pytest.raises(OSError, match="etc"):
        host.write_inside(root, "etc/hosts", "bad", 0o644)
    (root / "srv").mkdir()
    (root / "srv" / "hosts").symlink_to(outside / "hosts")
    host.write_inside(root, "srv/hosts", "good", 0o644)
    assert (outside / "hosts").read_text() == "untouched"
    assert (root / "srv" / "hosts").read_text() == "good"
