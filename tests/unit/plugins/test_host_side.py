"""What runs on the hosts needs nothing but Debian's Python."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
BROUGHT_ALONG = ("ansible.module_utils", "ansible_collections.mailpair.mail.plugins.module_utils")
HOST_SIDE = sorted(path for folder in ("modules", "module_utils") for path in (PLUGINS / folder).glob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The full names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


@pytest.mark.parametrize("path", HOST_SIDE, ids=lambda path: path.stem)
def test_modules_import_the_standard_library_alone(path: Path) -> None:
    foreign = [
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(BROUGHT_ALONG)
    ]
    assert foreign == []
