"""Documents that are right, changed by tests, and what is then said of them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailpair.site import Site, SiteError, load

Documents = dict[str, Any]

# The least that a site can be, with a thing of each kind to change: all that may be left out is left out.
RIGHT: Documents = {
    "accepted_domains": ["contoso.test"],
    "send_connectors": {"Out": {"address_spaces": ["*"]}},
    "certificates": {"mail": {"domain_name": ["mail.contoso.test"]}},
    "mailboxes": {
        "ada@contoso.test": {"server": "back1"},
        "administrator@contoso.test": {"server": "back1", "kind": "administrator"},
    },
}


class PlainDumper(yaml.SafeDumper):
    """YAML as people write it: what is there twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def segments(path: str) -> list[str]:
    """``receive_connectors[Client Frontend].bindings`` as its parts."""
    return [name or setting for name, setting in re.findall(r"\[([^]]+)\]|([^.\[\]]+)", path)]


def put(documents: Documents, path: str, value: object) -> None:
    """Writes a value at a path, and what leads to it."""
    *place, last = segments(path)
    for segment in place:
        documents = documents.setdefault(segment, {})
    documents[last] = value


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[dict[str, object]], Site]:
    """Loads the right documents with values changed, by their paths."""

    def load_changed(changes: dict[str, object]) -> Site:
        documents = copy.deepcopy(RIGHT)
        for path, value in changes.items():
            put(documents, path, value)
        mailboxes = documents.pop("mailboxes")
        for name, data in (("site", documents), ("mailboxes", mailboxes)):
            text = yaml.dump({f"mailpair_{name}": data}, Dumper=PlainDumper, allow_unicode=True)
            (tmp_path / f"{name}.yml").write_text(text)
        return load(tmp_path)

    return load_changed


@pytest.fixture
def told(loaded: Callable[[dict[str, object]], Site]) -> Callable[[dict[str, object]], list[str]]:
    """What is said of the right documents with values changed, a line a problem; nothing where they are still right."""

    def problems(changes: dict[str, object]) -> list[str]:
        try:
            loaded(changes)
        except SiteError as error:
            return str(error).splitlines()
        return []

    return problems
