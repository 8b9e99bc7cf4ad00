"""The resource Playbook: runs when there is a reason, tells how it goes, can be stopped, and leaves stamps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.support.wait import until
from tests.stack.support.run import FAILED, ROOT, Run, unchanged
from tests.stack.support.world import children, processes, ssh
from tests.stack.support.world import run as command

pytestmark = pytest.mark.machines

FRONT, BACK = "10.214.0.11", "10.214.0.12"


@pytest.fixture
def playbooks(pair: Run, tmp_path: Path) -> Iterator[Run]:
    """A stack that runs playbooks on the machines of the pair, which are clean of what other tests left."""
    run = Run("playbooks-test", tmp_path / "stack", ROOT / "tests" / "stack" / "programs" / "playbooks")
    for address in (FRONT, BACK):
        ssh(pair.site_dir, address, "rm -rf /run/first /run/second /run/started /run/leave /run/broken /var/tmp/runs")
    yield run
    run.pulumi("cancel", "--yes")
    run.destroy()


def configure(playbooks: Run, pair: Run, *names: str, digest: str = "one") -> None:
    inventory = pair.output("ansible_inventory")
    runs = [{"name": name, "digest": digest} for name in names]
    playbooks.configure(inventory=inventory, site_dir=str(pair.site_dir), runs=runs)


def stamps(pair: Run) -> list[str]:
    return [ssh(pair.site_dir, address, "cat /etc/mailpair/stamp || :").strip() for address in (FRONT, BACK)]


def counts(pair: Run) -> list[int]:
    return [len(ssh(pair.site_dir, address, "cat /var/tmp/runs").split()) for address in (FRONT, BACK)]


def state(playbooks: Run) -> dict[str, Any]:
    return playbooks.outputs("Playbook")["plain"]


def test_it_runs_once_and_again_when_there_is_a_reason(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "plain")
    said = playbooks.up()
    assert "play Fail where it should" in said
    assert counts(pair) == [1, 1]
    assert stamps(pair) == [state(playbooks)["stamp"]] * 2
    assert unchanged(playbooks.up())
    configure(playbooks, pair, "plain", digest="two")
    assert "Nothing was applied from here yet: a run configures every server." in playbooks.pulumi("preview")
    assert counts(pair) == [1, 1]
    playbooks.up()
    assert counts(pair) == [2, 2]
    assert stamps(pair) == [state(playbooks)["stamp"]] * 2


def test_a_host_with_another_stamp_is_seen(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "plain")
    playbooks.up()
    ssh(pair.site_dir, BACK, "echo other > /etc/mailpair/stamp")
    playbooks.refresh()
    assert state(playbooks)["drift"] == ["back1"]
    playbooks.up()
    assert counts(pair) == [2, 2]
    assert state(playbooks)["drift"] == []
    assert stamps(pair) == [state(playbooks)["stamp"]] * 2


def test_a_failure_is_told_and_the_next_run_starts_again(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "plain")
    playbooks.up()
    ssh(pair.site_dir, BACK, "touch /run/broken")
    configure(playbooks, pair, "plain", digest="two")
    said = playbooks.up(status=FAILED)
    assert (
        "error: tests/stack/playbooks/plain.yml: exit code 2: must end well on every host; "
        "mend what its last lines tell and run pulumi up again\n"
    ) in said
    assert "fatal: [back1]: FAILED!" in said
    assert "Traceback" not in said
    assert stamps(pair) == ["", ""]
    # Back to what was before: the hosts are not what that made of them, although the inputs are.
    ssh(pair.site_dir, BACK, "rm /run/broken")
    configure(playbooks, pair, "plain")
    playbooks.refresh()
    playbooks.up()
    assert stamps(pair) == [state(playbooks)["stamp"]] * 2


def test_a_secret_that_changed_is_a_reason(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "plain")
    playbooks.up()
    folder = pair.site_dir / "private" / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "smarthost").write_text("user:very-secret-indeed\n")
    assert "updated" in playbooks.up()
    assert counts(pair) == [2, 2]
    assert "very-secret-indeed" not in playbooks.export()
    (folder / "smarthost").unlink()
    folder.rmdir()


def test_operations_do_not_wait_for_each_other(playbooks: Run, pair: Run) -> None:
    """Each playbook ends only while the other runs."""
    configure(playbooks, pair, "first", "second")
    playbooks.up()


def test_a_host_that_does_not_answer_is_told(playbooks: Run, pair: Run) -> None:
    inventory = pair.output("ansible_inventory")
    host = inventory["all"]["children"]["mailbox"]["hosts"]["back1"]
    host["ansible_port"] = 2
    playbooks.configure(inventory=inventory, site_dir=str(pair.site_dir), runs=[{"name": "plain", "digest": "one"}])
    said = playbooks.up(status=FAILED)
    assert (
        "error: servers[back1]: 'root@10.214.0.12': must answer SSH and let this user act as root; "
        "ssh: connect to host 10.214.0.12 port 2: Connection refused"
    ) in said


def test_a_host_that_is_silent_is_told_when_it_is_looked_at(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "plain")
    playbooks.up()
    command(*["ip", "link", "set", "dev", "vb-pair-test-back1", "down"])
    said = playbooks.refresh()
    command(*["ip", "link", "set", "dev", "vb-pair-test-back1", "up"])
    assert "warning: back1: no answer over SSH: how it is configured was not looked at" in said
    assert state(playbooks)["drift"] == []
    until(lambda: "back1" in ssh(pair.site_dir, BACK, "hostname"), "the host answers again")


def test_a_cancel_ends_ansible_and_the_next_run_ends_well(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "slow")
    up = playbooks.start("up", "--yes", "--skip-preview")
    until(lambda: "started" in ssh(pair.site_dir, BACK, "ls /run"), "the playbook runs")
    assert processes("playbooks/slow.yml")
    plugins = children(up.pid)
    up.send_signal(signal.SIGINT)
    said, _ = up.communicate(timeout=60)
    assert up.returncode != 0
    assert "Traceback" not in said
    until(lambda: not processes("playbooks/slow.yml"), "Ansible ends")
    until(lambda: not any(Path(f"/proc/{plugin}").exists() for plugin in plugins), "the provider ends")
    assert list(playbooks.temporary.glob("mailpair-*")) == []
    for address in (FRONT, BACK):
        ssh(pair.site_dir, address, "touch /run/leave")
    playbooks.up()
    assert stamps(pair) == [playbooks.outputs("Playbook")["slow"]["stamp"]] * 2


def test_a_killed_run_ends_ansible_and_the_next_run_ends_well(playbooks: Run, pair: Run) -> None:
    configure(playbooks, pair, "slow")
    up = playbooks.start("up", "--yes", "--skip-preview")
    until(lambda: "started" in ssh(pair.site_dir, BACK, "ls /run"), "the playbook runs")
    up.kill()
    up.communicate(timeout=60)
    until(lambda: not processes("playbooks/slow.yml"), "Ansible ends")
    for address in (FRONT, BACK):
        ssh(pair.site_dir, address, "touch /run/leave")
    playbooks.pulumi("cancel", "--yes")
    playbooks.up()
    assert stamps(pair) == [playbooks.outputs("Playbook")["slow"]["stamp"]] * 2
