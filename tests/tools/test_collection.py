"""The archive of the collection that can be installed elsewhere."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from tests.tools.conftest import ROOT


def test_the_archive_has_what_runs_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        ["ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(tmp_path)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (archive,) = tmp_path.glob("mailpair-mail-*.tar.gz")
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    top = {name.split("/", 1)[0] for name in names}
    assert {"roles", "plugins", "playbooks", "mailpair", "meta", "LICENSE", "MANIFEST.json"} <= top
    unwanted = {
        "tests",
        "molecule",
        "bench",
        "inventories",
        ".mailpair",
        ".git",
        ".ci",
        ".venv",
        "pulumi_stack",
        "tools",
    }
    assert top & unwanted == set()
    assert [
        name for name in names if name.endswith(".pyc") or "__pycache__" in name or "private" in name.split("/")
    ] == []
    assert archive.stat().st_size < 1_000_000  # bytes


def test_it_is_found_by_its_name_from_anywhere() -> None:
    listed = subprocess.run(
        ["ansible-galaxy", "collection", "list", "mailpair.mail"],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=300,
    ).stdout
    assert "mailpair.mail 0.1.0" in listed
