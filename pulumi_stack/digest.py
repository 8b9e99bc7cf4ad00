"""What a run of the playbook depends on, as hashes; a change of one is the reason for another run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

# All that decides what the playbook does, below the checkout.
_SOURCES = ("mailpair", "hostside", "portal", "plugins", "roles", "playbooks", "ansible.cfg", "galaxy.yml")
_DOCUMENTS = ("site.yml", "mailboxes.yml")
_PACKAGES = ("ansible-core", "jinja2", "pyyaml")
# Of these only names, sizes and times are looked at ...
_SECRET = ("ca/certificate.pem", "certificates", "passwords", "credentials", "keytabs")
# ... and of these the content, each with a salt of its own; their times change without a reason.
_HASHED = ("hashes",)


def content(checkout: Path, site_dir: Path) -> str:
    """A hash of the documents of a site, of everything that reads them, and of the versions of what runs that."""
    total = hashlib.sha256()
    for name in _PACKAGES:
        total.update(f"{name}=={version(name)}\n".encode())
    for root, names in ((checkout, _SOURCES), (site_dir, _DOCUMENTS)):
        for path in _files(root, names):
            inner = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(root)} {path.stat().st_mode & 0o111:o} {inner}\n".encode())
    return total.hexdigest()


def private(site_private: Path) -> str:
    """A hash that changes when a password, another secret or the CA does, and that says nothing about what they are."""
    total = hashlib.sha256()
    for path in _files(site_private, _SECRET):
        status = path.stat()
        total.update(f"{path.relative_to(site_private)} {status.st_size} {status.st_mtime_ns}\n".encode())
    for path in _files(site_private, _HASHED):
        total.update(f"{path.relative_to(site_private)} ".encode() + path.read_bytes())
    return total.hexdigest()


def stamp(digest: str, inventory: Mapping[str, Any]) -> str:
    """What a run leaves on each host: a hash of the content and of the inventory, with each machine's instance."""
    text = json.dumps([digest, inventory], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _files(root: Path, names: Iterable[str]) -> Iterator[Path]:
    """The files below these names, in a fixed order; what Python and editors leave is no part of it."""
    for name in names:
        start = root / name
        found = [start] if start.is_file() else sorted(start.rglob("*"))
        yield from (
            path
            for path in found
            if path.is_file()
            and "__pycache__" not in path.parts
            and not path.name.startswith(".")
            and not path.name.endswith("~")
        )
