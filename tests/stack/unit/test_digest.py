"""What makes the playbook run again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mailpair.state import SiteState
from pulumi_stack import digest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in ("mailpair/plan.py", "plugins/action/plan.py", "roles/base/tasks/main.yml", "playbooks/site.yml"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("one")
    (root / "ansible.cfg").write_text("")
    return root


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "site.yml").write_text("one")
    (folder / "mailboxes.yml").write_text("one")
    return folder


@pytest.mark.parametrize(
    "name",
    ["mailpair/plan.py", "plugins/action/plan.py", "roles/base/tasks/main.yml", "playbooks/site.yml", "ansible.cfg"],
)
def test_all_that_the_playbook_reads_counts(checkout: Path, site: Path, name: str) -> None:
    before = digest.content(checkout, site)
    (checkout / name).write_text("two")
    assert digest.content(checkout, site) != before


@pytest.mark.parametrize("name", ["site.yml", "mailboxes.yml"])
def test_the_documents_count(checkout: Path, site: Path, name: str) -> None:
    before = digest.content(checkout, site)
    (site / name).write_text("two")
    assert digest.content(checkout, site) != before


def test_a_file_that_moves_counts(checkout: Path, site: Path) -> None:
    before = digest.content(checkout, site)
    (checkout / "roles" / "base" / "tasks" / "main.yml").rename(checkout / "roles" / "base" / "tasks" / "other.yml")
    assert digest.content(checkout, site) != before


def test_what_changes_nothing_does_not_count(checkout: Path, site: Path) -> None:
    before = digest.content(checkout, site)
    cache = checkout / "mailpair" / "__pycache__"
    cache.mkdir()
    (cache / "plan.cpython-311.pyc").write_text("")
    (cache / "plan.cpython-311.pyc.140139").write_text("")  # as Python writes it, before it has its name
    (checkout / "README.md").write_text("read me")
    os.utime(checkout / "mailpair" / "plan.py", (0, 0))
    assert digest.content(checkout, site) == before


def test_each_instance_counts() -> None:
    def stamp(instance: str) -> str:
        hosts: dict[str, Any] = {"front1": {"mailpair_instance": instance}}
        return digest.stamp("content", {"all": {"children": {"client_access": {"hosts": hosts}}}})

    assert stamp("a") == stamp("a") != stamp("b")


def test_secrets_count_but_are_not_in_it(site: Path) -> None:
    state = SiteState(site)
    assert digest.private(state.root) == digest.private(state.root)
    empty = digest.private(state.root)
    state.ensure_password("ada@contoso.test")
    with_password = digest.private(state.root)
    state.set_password("ada@contoso.test", "another one")
    with_hash = digest.private(state.root)
    state.set_password("ada@contoso.test", "yet another")
    assert len({empty, with_password, with_hash, digest.private(state.root)}) == 4


def test_a_provided_certificate_counts(site: Path) -> None:
    root = SiteState(site).root
    (root / "certificates").mkdir(parents=True)
    before = digest.private(root)
    (root / "certificates/mail.pem").write_text("a certificate")
    assert digest.private(root) != before


def test_a_hash_that_was_only_looked_at_does_not_count(site: Path) -> None:
    state = SiteState(site)
    state.set_password("ada@contoso.test", "a password")
    before = digest.private(state.root)
    os.utime(state.hash_file("ada@contoso.test"), (0, 0))
    assert digest.private(state.root) == before
