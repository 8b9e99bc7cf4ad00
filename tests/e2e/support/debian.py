"""Servers of Debian 13 that this machine need not have: they run on the outside host, in a root of their own.

The root is the lab's base image with a layer above it, which holds what was installed for the tests.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_stack.packages import of_all_roles
from pulumi_stack.platforms.nspawn.image import ImageSpec
from pulumi_stack.platforms.nspawn.make_image import default_cache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.outside import Outside

DATA = "/srv"  # where the servers find the folder of their files

# Nothing that is installed starts by itself.
_INSTALL = """
set -eu
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/layer,workdir=$2/work" "$2/root"
cp /etc/resolv.conf "$2/root/etc/resolv.conf"
printf '#!/bin/sh\\nexit 101\\n' > "$2/root/usr/sbin/policy-rc.d"
chmod +x "$2/root/usr/sbin/policy-rc.d"
for each in proc dev; do mount --rbind "/$each" "$2/root/$each"; done
shift_root=$2; shift 2
export DEBIAN_FRONTEND=noninteractive
chroot "$shift_root/root" apt-get -qq update
chroot "$shift_root/root" apt-get -qq install --no-install-recommends "$@" >/dev/null
"""
_RUN = """
set -eu
mount -t overlay overlay -o "lowerdir=$2/layer:$1" "$2/root"
for each in proc dev; do mount --rbind "/$each" "$2/root/$each"; done
mount --bind "$2/data" "$2/root/srv"
for each in run tmp; do mount -t tmpfs tmpfs "$2/root/$each"; done
folder=$2; shift 2
exec chroot "$folder/root" "$@"
"""


@dataclass(frozen=True)
class Debian:
    """A root with packages; ``data`` is there as /srv, and is all that its programs can write to."""

    image: Path
    folder: Path

    @property
    def data(self) -> Path:
        """The folder of the servers' files, as seen from this machine."""
        return self.folder / "data"

    def install(self, *packages: str) -> None:
        """Install packages."""
        for name in ("layer", "work", "root", "data"):
            (self.folder / name).mkdir()
        command = ["unshare", "--mount", "sh", "-c", _INSTALL, "sh", str(self.image), str(self.folder), *packages]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)

    def command(self, host: Outside, *command: str) -> list[str]:
        """A command line that runs a program of this root on the outside host; mounts are that process' alone."""
        # Whatever the host: a mount that stayed here would have the folder's removal go into /dev.
        isolated = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _RUN, "sh")
        return host.command(*isolated, str(self.image), str(self.folder), *command)


@contextmanager
def debian(folder: Path, *packages: str) -> Iterator[Debian]:
    """A root in a folder that is empty, with packages in it."""
    image = ImageSpec.of(of_all_roles()).folder(default_cache()) / "root"
    root = Debian(image, folder)
    root.install(*packages)
    yield root
    assert str(folder) not in Path("/proc/self/mounts").read_text()
    shutil.rmtree(folder)
