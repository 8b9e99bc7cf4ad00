"""Machines on disks that forget, when their power fails, whatever they were not asked to keep.

A machine's root file system, ext4, is on a loop device. That one stands on a file of FUSE (nbdfuse), whose blocks are
kept by a process (nbdkit with its cache filter) until the machine flushes its disk. A SIGKILL of that process is the
failure: what was flushed is in the image, nothing else is. dm-flakey and dm-log-writes do the same in kernels that have
them; loop devices and FUSE are in nearly all.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_stack.platforms.nspawn import processes
from tests.e2e.support.ports import is_open
from tests.e2e.support.wait import until
from tests.stack.support.world import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_stack.platforms.nspawn.names import MachineNames
    from tests.e2e.support.lab import Host

SIZE = "2G"  # of a disk; its image takes what is written alone
SECTOR = 4096  # what is kept or forgotten together, in bytes

# Runs in a mount namespace of the machine's own: with it go the file system, the loop device and FUSE's file. Its
# arguments: that file, nbdkit's socket, a file for nbdfuse's number, the machine's root, how the machine was started.
# Nothing is flushed for the sole reason that five seconds are over, as ext4 would have it.
_START = """\
set -eu
file=$1 socket=$2 number=$3 root=$4
shift 4
setpriv --pdeathsig KILL nbdfuse --pidfile "$number" "$file" --unix "$socket" &
until [ -s "$number" ]; do kill -0 $!; sleep 0.02; done
device=$(losetup --find --show "$file")
mount -o commit=600 "$device" "$root"
losetup --detach "$device"
exec "$@"
"""


@dataclass
class Powered:
    """One machine on such a disk."""

    host: Host
    names: MachineNames
    folder: Path
    cache: str  # "writeback" forgets what was not flushed; "unsafe" what was flushed, too
    _command: tuple[str, ...] = ()
    _disk: subprocess.Popen[bytes] | None = None
    _first: int = 0  # the machine's first process
    _scrap: Path = Path("/root/scrap")  # a file that nobody flushes

    def move(self) -> None:
        """Stops the machine and starts it on a disk with the same content."""
        self._command = _shell(self.names)
        self.host.run("systemctl poweroff", check=False)
        until(lambda: not processes.find(self.names), f"{self.host.name} is off")
        self.folder.mkdir()
        (self.folder / "file").touch()
        subprocess.run(
            ("mkfs.ext4", "-q", "-d", self.names.root, self._image, SIZE), check=True, stdin=subprocess.DEVNULL
        )
        self.give()

    def give(self) -> None:
        """The power is back: the machine boots from what the disk has kept."""
        for name in ("socket", "disk", "fuse"):
            (self.folder / name).unlink(missing_ok=True)
        server = ("nbdkit", "--foreground", "--exit-with-parent", "--pidfile", self.folder / "disk")
        cache = ("--filter=cache", "file", self._image, f"cache={self.cache}", f"cache-min-block-size={SECTOR}")
        self._disk = subprocess.Popen((*server, "--unix", self.folder / "socket", *cache))
        until((self.folder / "disk").exists, "nbdkit is ready")
        places = (self.folder / "file", self.folder / "socket", self.folder / "fuse", self.names.root)
        self._boot("unshare", "--mount", "sh", "-c", _START, "sh", *map(str, places), *self._command)

        self._first = next(
            each for parent in processes.find(self.names) for each in children(parent) if _is_first(each)
        )

    def _boot(self, *command: str) -> None:
        with self.names.console.open("ab") as console:
            subprocess.run(
                ("setsid", "--fork", *command), check=True, stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        until(lambda: is_open(self.host.address, 22), f"{self.host.name} is up")

    def forget(self) -> None:
        """The disk fails: nothing reaches the image from here on, and the machine is told so.

        A moment before a file is written that nobody flushes; ``scrap`` says what has become of it.
        """
        assert self._disk is not None
        Path(f"/proc/{self._first}/root/{self._scrap}").write_text("scrap")
        self._disk.kill()

    def end(self) -> None:
        """Ends the machine without its disk, as it stands; with its first process all others end at once.

        Its link goes first: the kernel below would close connections of processes that have ended, and whoever was
        connected would know at once, as they never do when power fails.
        """
        assert self._disk is not None
        link = f"vb-{self.names.machine}"
        subprocess.run(("ip", "link", "set", "dev", link, "down"), check=True)
        for process in (self._first, *processes.find(self.names)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._disk.wait()
        self._disk = None
        until(lambda: not processes.find(self.names), f"{self.host.name} is off")
        # Connections that nobody has closed may keep the network of the machine, and with it the name of its link.
        subprocess.run(("ip", "link", "delete", "dev", link), check=False, capture_output=True)

    def scrap(self) -> str:
        """What the machine has of the file that nobody flushed; nothing, if the disk forgets as it should."""
        return self.host.run(f"cat {self._scrap}; rm -f {self._scrap}", check=False)

    def leave(self) -> None:
        """Brings the machine back as it was before; all that happened since is forgotten."""
        if self._disk is not None:
            fail(self)
        self._boot("unshare", "--mount", *self._command)

    @property
    def _image(self) -> Path:
        return self.folder / "image"


def fail(*machines: Powered) -> None:
    """The power of machines fails: all disks at once, and what runs on them a moment later."""
    for each in machines:
        each.forget()
    for each in machines:
        each.end()


def _is_first(process: int) -> bool:
    """Whether a process is the first one of a machine's (proc_pid_status(5): its number there comes last)."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(line.split()[-1] for line in status.splitlines() if line.startswith("NSpid:")) == "1"


def _shell(names: MachineNames) -> tuple[str, ...]:
    """How a running machine was started: the command of the shell that watches over systemd-nspawn."""
    for process in processes.find(names):
        command = Path(f"/proc/{process}/cmdline").read_text().rstrip("\0").split("\0")
        if command[0] == "sh":
            return tuple(command)
    raise AssertionError(f"{names.machine} is not running below a shell")


@contextmanager
def forgetful(machines: list[Powered]) -> Iterator[list[Powered]]:
    """Machines on such disks while the context lasts; then they are as they were before."""
    try:
        for each in machines:
            each.move()
        yield machines
    finally:
        for each in machines:
            each.leave()
