"""One machine: what its root file system says about it, and how it is started."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_stack.errors import refuse
from pulumi_stack.platforms.nspawn.names import MachineNames

# Runs in a mount namespace of its own on a host without systemd, with the machine's control group as $1 and its
# command behind it. nspawn wants cgroup v2, whatever the host has mounted; and without a group of its own a machine
# would share one with every other, where systemd of one would find, and end, processes of another. A machine that
# reboots ends nspawn with 133 and is started again.
_START = """\
set -eu
umount -R /sys/fs/cgroup 2> /dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$1"
echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
shift
while code=0; "$@" || code=$?; [ $code = 133 ]; do :; done
exit $code
"""

# The same, after the machine has stopped: ends what is left of it and removes its control group.
_SWEEP = """\
set -eu
umount -R /sys/fs/cgroup 2> /dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd "/sys/fs/cgroup/$1" 2> /dev/null || exit 0
echo 1 > cgroup.kill
while grep -q 'populated 1' cgroup.events; do sleep 0.02; done
cd ..
find "./$1" -depth -type d -exec rmdir {} +
"""


@dataclass(frozen=True, slots=True)
class RootFile:
    """A file in a machine's root file system; ``path`` is relative to the root."""

    path: str
    content: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine as the stack wants it; addresses carry the length of their network's prefix."""

    names: MachineNames
    owner: str
    fqdn: str
    bridge: str
    address: ipaddress.IPv4Interface
    address6: ipaddress.IPv6Interface
    gateway: ipaddress.IPv4Address

    def files(self, *, authorized_key: str, resolv_conf: str) -> list[RootFile]:
        """What an administrator would write on a new server, but for its host key (see :meth:`host_key_files`)."""
        addresses = (str(self.address.ip), str(self.address6.ip))
        hosts = ["127.0.0.1 localhost", "::1 localhost"]
        hosts += [f"{address} {self.fqdn} {self.names.name}" for address in addresses]
        return [
            RootFile("etc/hostname", f"{self.names.name}\n"),
            RootFile("etc/hosts", "".join(f"{line}\n" for line in hosts)),
            RootFile("etc/resolv.conf", resolv_conf),
            RootFile("etc/systemd/network/10-host0.network", self.network_file()),
            RootFile("root/.ssh/authorized_keys", f"{authorized_key}\n", 0o600),
            RootFile(
                "etc/ssh/sshd_config.d/mailpair.conf",
                "HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\nUseDNS no\n",
            ),
        ]

    @staticmethod
    def host_key_files(private: str, public: str, instance: str) -> list[RootFile]:
        """What makes the machine one of a kind, written once: its SSH host key and its machine id."""
        return [
            RootFile("etc/ssh/ssh_host_ed25519_key", private, 0o600),
            RootFile("etc/ssh/ssh_host_ed25519_key.pub", f"{public}\n"),
            RootFile("etc/machine-id", f"{instance}\n", 0o444),
        ]

    def network_file(self) -> str:
        """The systemd-networkd file of the machine's only interface."""
        return f"""\
[Match]
Name=host0

[Network]
Address={self.address}
Address={self.address6}
Gateway={self.gateway}
IPv6AcceptRA=no
DHCP=no
LinkLocalAddressing=ipv6
"""

    def nspawn(self) -> Sequence[str]:
        """The command that runs the machine, but for how it stands with the host's systemd."""
        return (
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--settings=no",
            "--keep-unit",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--console=read-only",
            f"--machine={self.names.machine}",
            f"--directory={self.names.root}",
            f"--network-bridge={self.bridge}",
        )

    def start(self) -> Sequence[str]:
        """The command that starts the machine on a host without systemd and returns; the machine lives on."""
        nspawn = (*self.nspawn(), "--register=no")
        return ("setsid", "--fork", "unshare", "--mount", "sh", "-c", _START, "sh", self.names.cgroup, *nspawn)

    def unit(self) -> str:
        """The unit that runs the machine on a host with systemd, at boot as well; machinectl knows it."""
        network = self.names.stack.network_unit
        return f"""\
[Unit]
Description=mailpair machine {self.names.machine}
PartOf=machines.target
Before=machines.target
Requires={network}
After={network} network.target
RequiresMountsFor={self.names.root}

[Service]
Type=notify
Slice=machine.slice
Delegate=yes
KillMode=mixed
ExecStart={" ".join(self.nspawn())}
RestartForceExitStatus=133
SuccessExitStatus=133
TasksMax=16384
DevicePolicy=closed
DeviceAllow=/dev/net/tun rwm
DeviceAllow=char-pts rw

[Install]
WantedBy=machines.target
"""


def sweep(names: MachineNames) -> Sequence[str]:
    """The command that removes what a stopped machine leaves in the control groups of a host without systemd."""
    return ("unshare", "--mount", "sh", "-c", _SWEEP, "sh", names.cgroup)


def resolv_conf(host: str, upstream: str | None) -> str:
    """The resolv.conf of a machine, from the host's and, where that has systemd-resolved, its upstream file.

    A resolver on the host's loopback can't be reached from a machine. Raises StackError where there is no other.
    """
    for text in (host, upstream or ""):
        lines = [line for line in text.splitlines() if line.split()[:1] in (["nameserver"], ["search"], ["options"])]
        if any(line.startswith("nameserver") and not _is_loopback(line) for line in lines):
            return "".join(f"{line}\n" for line in lines if not _is_loopback(line))
    raise refuse(
        "/etc/resolv.conf",
        repr(" ".join(host.split())),
        "must name a server that machines can reach, not one on the loopback interface",
        "add a nameserver line with the address of one",
    )


def _is_loopback(line: str) -> bool:
    """Whether a line names a server that only the host itself reaches."""
    words = line.split()
    if words[0] != "nameserver" or len(words) < 2:
        return False
    try:
        return ipaddress.ip_address(words[1].partition("%")[0]).is_loopback
    except ValueError:
        return True
