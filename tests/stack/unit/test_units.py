"""The units for a machine below that has systemd, by systemd's own judgement."""

from __future__ import annotations

import os
import subprocess
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface
from pathlib import Path

from pulumi_stack.platforms.nspawn.machine import MachineSpec
from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.platforms.nspawn.network import NetworkSpec

NAMES = StackNames("lab")
NETWORK = NetworkSpec(NAMES, "/srv/mail", IPv4Network("10.213.0.0/24"))
MACHINE = MachineSpec(
    names=NAMES.machine("front1"),
    owner="/srv/mail",
    fqdn="front1.contoso.test",
    bridge="mp-lab",
    address=IPv4Interface("10.213.0.11/24"),
    address6=IPv6Interface("fd00::b/64"),
    gateway=IPv4Address("10.213.0.1"),
)


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    # The network's scripts are there only while the network is.
    network = NETWORK.unit().replace(f"{NAMES.network}/", "/bin/true ")
    (tmp_path / NAMES.network_unit).write_text(network)
    (tmp_path / MACHINE.names.unit).write_text(MACHINE.unit())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.iterdir())],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_network_comes_first_and_both_come_at_boot() -> None:
    assert f"Requires={NAMES.network_unit}\nAfter={NAMES.network_unit} " in MACHINE.unit()
    assert all("WantedBy=machines.target\n" in unit for unit in (NETWORK.unit(), MACHINE.unit()))
