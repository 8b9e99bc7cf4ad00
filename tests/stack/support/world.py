"""What there is of a stack on this machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
from contextlib import suppress
from pathlib import Path

from pulumi_stack.platforms.nspawn.names import UNITS, StackNames


def run(*command: str) -> str:
    """What a command prints; it must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ssh(site_dir: Path, address: str, *command: str) -> str:
    """What a command prints on a machine, whose pinned key and nothing else is trusted."""
    private = site_dir / "private" / "ssh"
    return run(
        "ssh",
        *("-i", str(private / "id_ed25519"), "-o", f"UserKnownHostsFile={private / 'known_hosts'}"),
        *("-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"),
        f"root@{address}",
        *command,
    )


def processes(part: str) -> list[int]:
    """The processes with this in their command line, without those of containers."""
    found, ours = [], Path("/proc/self/ns/pid").readlink()
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            here = (each.parent / "ns" / "pid").readlink() == ours
            if here and part in each.read_text(errors="replace").replace("\0", " "):
                found.append(int(each.parent.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def children(process: int) -> list[int]:
    """A process's children."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(each.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(each.parent.name))
    return found


def traces(stack: str) -> dict[str, list[str]]:
    """Everything that a stack has made of this machine, by kind; kinds that have nothing are left out."""
    names = StackNames(stack)
    links = json.loads(run("ip", "-j", "link", "show"))
    tables = [each["table"] for each in json.loads(run("nft", "-j", "list", "tables"))["nftables"] if "table" in each]
    found = {
        "links": [each["ifname"] for each in links if names.slug in each["ifname"]],
        "tables": [each["name"] for each in tables if each["name"] == names.table],
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if str(names.state) in line],
        "files": sorted(str(each) for each in names.state.glob("*/*")),
        "groups": [
            str(each)
            for pattern in (f"mailpair-{names.slug}-*", f"unified/mailpair-{names.slug}-*")
            for each in Path("/sys/fs/cgroup").glob(pattern)
        ],
        "processes": [str(each) for each in processes(f"--machine={names.slug}-")],
        "units": [each.name for each in UNITS.glob(f"mailpair-{names.slug}-*")],
    }
    if names.state.exists():
        found["files"].append(str(names.state))
    return {kind: each for kind, each in found.items() if each}


def contents(folder: Path) -> dict[str, str]:
    """The files below a folder, with a hash of each."""
    return {
        str(each.relative_to(folder)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }
