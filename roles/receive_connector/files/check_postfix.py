#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges a Postfix configuration before it is loaded: check-postfix [ROOT].

The configuration is ROOT/etc/postfix; without ROOT it is the host's own. What Postfix itself would only warn about
counts as a fault here, and so do bindings that would end its master process: an address that the host does not have, a
port that another program listens on; and so do settings of services in master.cf that nothing looks at before the first
client comes, who would then get no answer. Faults go to standard error, one a line.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_FAULT = re.compile(r"\b(?:warning|error|fatal|panic): (.*)")
# No service is chrooted, so stale copies in the queue's folder matter to nobody; a host may do without IPv6.
_HARMLESS = re.compile(r" and /\S+ differ$|disabling IPv6 name/address support")

OWN = "/etc/postfix/"  # where a loaded configuration has its maps
PASSWORDS = "credentials"  # the file of logins at smart hosts, which no SMTP server asks for

_LISTENING = "0A"  # a state, as /proc/net/tcp has it


def main(root: str) -> int:
    """Print all faults; returns the exit status."""
    folder = f"{root}/etc/postfix"
    faults = [*own_check(folder), *maps(folder)]
    if not faults:
        faults += settings(folder)
        faults += bindings(master_entries(folder))
    for fault in dict.fromkeys(faults):
        sys.stderr.write((fault.replace(root, "") if root else fault) + "\n")
    return 1 if faults else 0


def said(*command: str) -> tuple[str, list[str]]:
    """Standard output of a command and the faults that it names."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [match[1] for match in map(_FAULT.search, done.stderr.splitlines()) if match]
    faults = [fault for fault in found if not _HARMLESS.search(fault)]
    if done.returncode and not found:
        faults.append(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout, faults


def own_check(folder: str) -> list[str]:
    """What Postfix itself finds."""
    return [*said("postfix", "-c", folder, "check")[1], *said("postconf", "-c", folder, "-M")[1]]


def maps(folder: str) -> Iterator[str]:
    """What is wrong with lines of maps."""
    for path in sorted(Path(folder).iterdir()):
        if path.is_file() and not path.suffix and path.name != "postfix-files":
            yield from said("postmap", "-c", folder, "-s", f"texthash:{path}")[1]


def settings(folder: str) -> Iterator[str]:
    """What SMTP servers say of their settings: each is started with them, and told nothing."""
    services: dict[str, list[str]] = {}
    for line in said("postconf", "-c", folder, "-P")[0].splitlines():
        place, _, value = line.partition(" = ")
        name, kind, setting = place.rsplit("/", 2)
        if kind == "inet":
            services.setdefault(name, []).append(f"{setting}={value}")
    tried: dict[tuple[str, ...], str] = {}  # both families of a binding have the same
    for name, given in services.items():
        tried.setdefault(tuple(given), name)
    with tempfile.TemporaryDirectory() as copy:
        Path(copy).chmod(0o755)  # an SMTP server is nobody who may read what is only laid out
        for file in Path(folder).iterdir():
            if file.is_file() and file.name != PASSWORDS:
                shutil.copyfile(file, f"{copy}/{file.name}")
        for whole, name in tried.items():
            # Before the first run there are no maps where the settings will look for them.
            if fault := _fault_of_settings(copy, [setting.replace(OWN, f"{copy}/") for setting in whole]):
                yield f"{name}: {fault}"


def _fault_of_settings(folder: str, given: Iterable[str]) -> str:
    tag = f"mailpair-check-{os.getpid()}"
    words = [word for setting in (*given, f"syslog_name={tag}") for word in ("-o", setting)]
    done = subprocess.run(
        ["/usr/sbin/runuser", "-u", "postfix", "--", "/usr/lib/postfix/sbin/smtpd", "-S", *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"MAIL_CONFIG": folder, "PATH": os.environ["PATH"]},
    )
    if done.returncode == 0:
        return ""
    # It tells the log alone.
    subprocess.run(["journalctl", "--sync"], check=False)
    told = subprocess.run(
        ["journalctl", "--quiet", "--output", "cat", "--identifier", f"{tag}/smtpd"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.partition("fatal: ")[2] for line in told.stdout.splitlines() if "fatal: " in line]
    return found[-1] if found else f"smtpd ended with {done.returncode}: {done.stderr.strip()}"


def master_entries(folder: str) -> list[tuple[str, int]]:
    """Addresses and ports that services listen on."""
    lines = said("postconf", "-c", folder, "-M")[0].splitlines()
    names = [line.split()[0] for line in lines if line.split()[1] == "inet"]
    return [(name.rpartition(":")[0].strip("[]"), int(name.rpartition(":")[2])) for name in names]


def bindings(places: list[tuple[str, int]]) -> Iterator[str]:
    """What keeps a service from listening."""
    for address, port in places:
        shown = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        wildcard = "::" if ":" in address else "0.0.0.0"  # noqa: S104
        if places.count((address, port)) > 1:
            yield f"{shown}: two connectors have this binding; take it from one of them"
        elif address != wildcard and (wildcard, port) in places:
            yield f"{shown}: another binding has this port at all addresses; name the addresses there"
        else:
            yield from binding(address, port, shown)


def binding(address: str, port: int, shown: str) -> Iterator[str]:
    """What keeps a service from listening at one place."""
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family is socket.AF_INET6:
                attempt.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            attempt.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            holder = listener(port)
            if holder != "master":
                yield f"{shown}: {holder} listens there already; stop it, or change the connector's bindings"
        elif error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            yield f"{shown}: this host has no such address; change the connector's bindings"
        else:
            yield f"{shown}: {error.strerror}"


def listener(port: int) -> str:
    """The name of the program that listens on a port."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
        for _, local, _, state, *_, inode in (row[:10] for row in rows):
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{inode}]")
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(handle.readlink()) in inodes:
                return (handle.parents[1] / "comm").read_text().strip()
        except OSError:  # it ended, or closed its file, meanwhile
            continue
    return "another program"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
