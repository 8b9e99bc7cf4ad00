"""The base image: what is in it, how it is built, where it is kept."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SUITE = "trixie"

# What a bare Debian server has that Ansible can reach: the rest is the roles' business.
BASE_PACKAGES = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "nftables",
    "openssh-server",
    "python3",
    "python3-apt",
    "systemd-sysv",
)

# Kept out of the image and of every later installation: half of all files, and nobody reads them there.
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
_KEPT_IN = ("/usr/share/doc/*/copyright",)

# Runs at the end of the build with the image's root as $1, and with the extra packages put in at the mark. What extra
# packages enable is disabled again, so that a machine starts as bare as one that gets them from the roles; what
# identifies a single host is taken out.
_HOOK = """\
set -eu
links() { (cd "$1/etc/systemd/system" && find . -type l | sort); }
install() {
    root=$1; shift
    [ $# -gt 0 ] || return 0
    links "$root" > "$root/before"
    export DEBIAN_FRONTEND=noninteractive APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
    apt-get --yes --no-install-recommends -o DPkg::Chroot-Directory="$root" install "$@"
    links "$root" | comm -13 "$root/before" - | (cd "$root/etc/systemd/system" && xargs --no-run-if-empty rm)
    rm "$root/before"
}
install "$1" %s
systemctl --root="$1" --quiet enable systemd-networkd.service
systemctl --root="$1" --quiet mask systemd-networkd-wait-online.service
find "$1/var/lib/apt/lists" -type f -delete
touch --date=@0 "$1/var/lib/apt/lists" # what is empty must not look fresh
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/ssl/private/*.key "$1/etc/hostname" "$1/etc/resolv.conf"
: > "$1/etc/machine-id"
: > "$1/etc/default/locale" # each login asks for it, and logs an error where it is missing
"""


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What an image is made of: Debian's suite, and packages beyond :data:`BASE_PACKAGES` (sorted, each once)."""

    suite: str
    packages: tuple[str, ...]

    @classmethod
    def of(cls, packages: Iterable[str]) -> ImageSpec:
        """The image with these extra packages, in any order."""
        return cls(SUITE, tuple(sorted(set(packages) - set(BASE_PACKAGES))))

    @property
    def key(self) -> str:
        """Tells this image from every other: a hash of all that goes into it, this recipe included."""
        recipe = [self.suite, BASE_PACKAGES, self.packages, _LEFT_OUT, _KEPT_IN, _HOOK]
        return f"{self.suite}-{hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]}"

    def folder(self, cache: Path) -> Path:
        """Where the image is kept; there is nothing there, or a whole image."""
        return cache / "images" / self.key

    def build(self, root: Path) -> Sequence[str]:
        """The command that builds the image into ``root``, which must not exist; it needs the rights of root."""
        options = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
        options += [f"--dpkgopt=path-include={pattern}" for pattern in _KEPT_IN]
        return (
            "mmdebstrap",
            "--mode=root",
            "--variant=apt",
            "--format=directory",
            "--skip=cleanup/apt/lists",
            f"--include={','.join(BASE_PACKAGES)}",
            *options,
            f"--customize-hook={_HOOK % shlex.join(self.packages)}",
            self.suite,
            str(root),
        )
