"""Package sources of the tests' own on a host: small packages that stand for those of Debian."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host

FOLDER = "/srv/test-packages"
SOURCES = "/etc/apt/sources.list.d/test-packages.list"

# Arguments: the folder, and a list of [label, package, version, {path: [mode, text]}] in JSON.
_PUBLISH = """
import hashlib, json, pathlib, shutil, subprocess, sys
folder, packages = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
lists = {}
for label, name, version, fields, files in packages:
    source = folder / label
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    control = {"Package": name, "Version": version, "Architecture": "all", "Maintainer": "tests <t@contoso.test>"}
    control |= fields
    text = "".join(f"{key}: {value}\\n" for key, value in control.items())
    (tree / "DEBIAN/control").write_text(text + "Description: of the tests\\n")
    for path, (mode, content) in files.items():
        file = tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(int(mode, 8))
    source.mkdir(exist_ok=True)
    deb = source / f"{name}_{version}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, deb], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    lists.setdefault(label, []).append(
        text + f"Filename: ./{deb.name}\\nSize: {deb.stat().st_size}\\nSHA256: {digest}\\nDescription: of the tests\\n"
    )
for label, entries in lists.items():
    source = folder / label
    (source / "Packages").write_text("\\n".join(entries))
    listed = (source / "Packages").read_bytes()
    release = f"Origin: Debian\\nLabel: {label}\\nSuite: tests\\nDate: Fri, 27 Nov 2026 00:00:00 UTC\\n"
    digest = hashlib.sha256(listed).hexdigest()
    (source / "Release").write_text(release + f"SHA256:\\n {digest} {len(listed)} Packages\\n")
"""

Package = tuple[str, str, str, dict[str, str], dict[str, tuple[str, str]]]


def package(
    name: str,
    version: str,
    *,
    label: str = "Debian-Security",
    files: dict[str, tuple[str, str]] | None = None,
    **fields: str,
) -> Package:
    """A package: ``files`` maps paths to modes and texts (DEBIAN/postinst too), ``fields`` are of its control file."""
    return label, name, version, fields, files or {}


@contextmanager
def published(host: Host, *packages: Package) -> Iterator[None]:
    """Offers packages to a host's apt while the context lasts, and takes them off the host at its end."""
    names = " ".join(sorted({each[1] for each in packages}))
    labels = sorted({each[0] for each in packages})
    host.python(_PUBLISH, FOLDER, json.dumps(packages))
    lines = "".join(f"deb [trusted=yes] file:{FOLDER}/{label} ./\n" for label in labels)
    try:
        host.run(f"cat > {SOURCES}", stdin=lines)
        yield
    finally:
        host.run(
            f"rm -rf {FOLDER} {SOURCES}; apt-mark unhold {names} >/dev/null; dpkg --purge --force-all {names}; "
            "apt-get -qq update"
        )


def version(host: Host, name: str) -> str:
    """The version of a package that is installed; empty: none is."""
    return host.run(f"dpkg-query --show --showformat '${{Version}}' {name}", check=False).strip()
