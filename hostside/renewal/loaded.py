"""What services have loaded of certificates that no port here shows, as a front end's for its back ends.

Where a port shows one, the port is asked. These are noted instead: a run may end between the disk and the services.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from . import pairs
from .configuration import Certificate, Configuration


def waiting(configuration: Configuration) -> set[str]:
    """The names of those that services have not loaded as they are on the disk, as far as is known."""
    return {each.name for each, note in _noted(configuration) if not note.exists() or note.read_text() != _digest(each)}


def note(configuration: Configuration, names: Collection[str]) -> dict[str, str]:
    """Note that services have loaded these; why that was not possible, by name."""
    wrong = {}
    for each, note in _noted(configuration):
        if each.name in names:
            try:
                pairs.write(note, _digest(each))
            except OSError as error:
                wrong[each.name] = f"{note} can't be written: {error}"
    return wrong


def _noted(configuration: Configuration) -> Iterator[tuple[Certificate, Path]]:
    for each in configuration.certificates:
        if each.services and not each.probes and each.certificate.exists():
            yield each, configuration.directory / f".loaded-{each.name}"


def _digest(each: Certificate) -> str:
    return hashlib.sha256(each.certificate.read_bytes()).hexdigest()
