"""The action ``applied``, as ansible-playbook runs it: what it keeps, and when it keeps nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from mailpair.applied import last_applied
from mailpair.plan import plan
from mailpair.site import load_written
from mailpair.state import SiteState

ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
DOCUMENT = "mailpair_site: {accepted_domains: [contoso.test]}\n"
MAILBOXES = "mailpair_mailboxes: {ada@contoso.test: {server: back1, kind: administrator}}\n"
HOSTS = """\
all:
  children:
    client_access: {hosts: {front1: {ansible_host: 192.0.2.11}}}
    mailbox: {hosts: {back1: {ansible_host: 192.0.2.12}}}
"""
PLAN = {"mailpair.mail.plan": None}
APPLIED = {"mailpair.mail.applied": None}
OTHER = "mailpair_site: {accepted_domains: [contoso.test, fabrikam.test]}\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in (("site.yml", DOCUMENT), ("mailboxes.yml", MAILBOXES), ("hosts.yml", HOSTS), ("ansible.cfg", "")):
        (tmp_path / name).write_text(text)
    return tmp_path


def play(site: Path, *tasks: Mapping[str, object], check: bool = False) -> None:
    """Runs tasks on both hosts, which nobody connects to."""
    book = [{"hosts": "client_access:mailbox", "gather_facts": False, "tasks": [dict(task) for task in tasks]}]
    (site / "play.yml").write_text(yaml.safe_dump(book))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_CONFIG": str(site / "ansible.cfg"),
        "ANSIBLE_HOME": str(site / "home"),
        "ANSIBLE_LOCALHOST_WARNING": "0",
    }
    command = [str(ANSIBLE_PLAYBOOK), "-i", "hosts.yml", "play.yml", *(["--check"] if check else [])]
    done = subprocess.run(command, cwd=site, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_planned_is_kept_for_each_host(site: Path) -> None:
    play(site, PLAN, APPLIED)
    loaded = load_written(site)
    kept = last_applied(SiteState(site))
    assert sorted(kept) == ["back1", "front1"]
    for server in kept["front1"].servers:
        assert kept[server.name].settings == loaded.settings
        assert kept[server.name].plan == plan(loaded.site, kept["front1"].servers, server)


def test_check_mode_keeps_nothing(site: Path) -> None:
    play(site, PLAN, APPLIED, check=True)
    assert last_applied(SiteState(site)) == {}


def test_a_run_without_a_plan_keeps_nothing(site: Path) -> None:
    play(site, APPLIED)
    assert last_applied(SiteState(site)) == {}


def test_documents_that_changed_meanwhile_are_not_kept(site: Path) -> None:
    change: dict[str, object] = {
        "ansible.builtin.copy": {"dest": str(site / "site.yml"), "content": OTHER},
        "delegate_to": "localhost",
        "run_once": True,
    }
    play(site, PLAN, change, APPLIED)
    # To the back end, which does not ask for domains, this is what was applied.
    assert list(last_applied(SiteState(site))) == ["back1"]


def test_mailboxes_alone_are_kept_once_all_was(site: Path) -> None:
    alone = {"mailpair.mail.applied": {"mailboxes_alone": True}}
    play(site, PLAN, alone)
    assert last_applied(SiteState(site)) == {}
    play(site, PLAN, APPLIED)
    (site / "mailboxes.yml").write_text(MAILBOXES.replace("}}", "}, bob@contoso.test: {server: back1}}"))
    play(site, PLAN, alone)
    assert "mailboxes[bob@contoso.test].server" in last_applied(SiteState(site))["front1"].settings
