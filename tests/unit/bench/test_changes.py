"""What is made of a playbook's times, how a change is waited for, and how stacks grow."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from bench import changes, rollout
from bench.__main__ import arguments
from bench.changes import BANNER, profiled
from bench.doors import Account, Door
from plugins.callback.durations import Durations

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.checkout import Checkout

LAB = Path(__file__).parents[3] / "inventories" / "lab"
DOOR = Door("192.0.2.1", "mail.contoso.test", 993, ssl.create_default_context())


def test_a_profile_names_the_slowest_tasks_of_what_the_callback_prints() -> None:
    durations = Durations()
    for number, name in enumerate(["plan", "slow : one", "quick", "last"]):
        durations.start(name, [0.0, 1.0, 5.0, 6.0][number])
    durations.end(8.0)
    printed = "\n".join(["PLAY RECAP", *durations.summary(999, 8.0), ""])
    found = profiled(printed, 9.5)
    assert [(each.name, each.text(), each.note) for each in found] == [
        ("nothing to do, tasks", "4", ""),
        ("nothing to do, each task", "2000.0 ms", "mean"),
        ("nothing to do, before the first task", "1.5 s", "start, inventory"),
        ("nothing to do, slow : one", "4.0 s", "50% of all tasks"),
        ("nothing to do, last", "2.0 s", "25% of all tasks"),
        ("nothing to do, plan", "1.0 s", "12% of all tasks"),
        ("nothing to do, quick", "1.0 s", "12% of all tasks"),
    ]


def test_a_run_that_tells_no_times_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="says nothing of its tasks' times"):
        profiled("PLAY RECAP\n", 1.0)


def test_a_setting_is_waited_for_while_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site.yml").write_text((LAB / "site.yml").read_text())
    ran: list[str] = []
    looks = iter(["", "* OK The IMAP4 service is ready.", f"* OK {BANNER}"])
    monkeypatch.setattr(changes, "greeting", lambda _: next(looks))

    def playbook(name: str, _heard: object = None, /) -> str:
        ran.append(name)
        return ""

    effect, end = changes.setting(playbook, tmp_path, DOOR)
    assert ran == ["site.yml"]
    assert 0 < effect.value <= end.value
    written = yaml.safe_load((tmp_path / "site.yml").read_text())
    assert written["mailpair_site"]["imap_settings"]["banner"] == BANNER


def test_a_run_that_fails_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site.yml").write_text((LAB / "site.yml").read_text())
    monkeypatch.setattr(changes, "greeting", lambda _: "")

    def playbook(name: str, _heard: object = None, /) -> str:
        raise RuntimeError(f"{name}: no such host")

    with pytest.raises(RuntimeError, match="no such host"):
        changes.setting(playbook, tmp_path, DOOR)


def test_a_mailbox_holds_when_its_owner_is_let_in_while_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, said = iter([False, True]), []
    monkeypatch.setattr(changes, "_enters", lambda *_: next(looks))

    def playbook(name: str, heard: Callable[[str], object] = str, /) -> str:
        for line in (name, changes.TOLD, changes.TOLD, "TASK [Remember what was applied]"):
            said.append(line)
            heard(f"{line} ***\n")
        return ""

    first, end = changes.brought(playbook, DOOR, Account("eve@contoso.test", "secret"))
    assert first > 0 < end
    assert said[0] == "mailbox.yml -e mailbox=eve@contoso.test"
    assert list(looks) == []


def test_a_run_that_never_tells_front_ends_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not tell"):
        changes.brought(lambda *_: "", DOOR, Account("eve@contoso.test", "secret"))


def test_half_of_the_servers_are_front_ends() -> None:
    assert rollout.servers(3) == (("front1", "client_access"), ("back1", "mailbox"), ("front2", "client_access"))


class Recorded:
    """Stands for a checkout: says what was asked of it, and that each run took as many seconds as there are servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: tuple[tuple[str, str], ...] = ()
        self.asked: list[tuple[str, int]] = []

    def make(self, verb: str, *, configure: bool = True) -> float:
        assert verb != "up" or not configure
        self.asked.append((verb, len(self.servers)))
        return len(self.servers)

    def activated(self, command: str) -> float:
        self.asked.append((command.split()[2], len(self.servers)))
        return 10.0 * len(self.servers)


def test_stacks_grow_and_go_and_a_further_server_has_its_cost(tmp_path: Path) -> None:
    (tmp_path / "inventories/lab").mkdir(parents=True)
    checkout = Recorded(tmp_path)
    as_checkout: Checkout = checkout  # type: ignore[assignment]
    found = {each.name: each for each in rollout.growing(as_checkout, [2, 6])}
    one = [("up", 2), ("playbooks/site.yml", 2), ("playbooks/site.yml", 2), ("down", 2)]
    assert [each for each in checkout.asked if each[0] != "build-engine"] == [*one, *[(what, 6) for what, _ in one]]
    assert found["first playbook, 6 servers"].text() == "60.0 s"
    assert found["hosts alone, each further server"].text() == "1.0 s"
    assert found["second playbook, each further server"].note == "from 2 to 6"


def test_one_number_of_servers_has_no_cost_of_a_further_one() -> None:
    assert rollout.grown([2], {"first playbook": [1.0]}) == []


def test_twelve_servers_are_only_made_when_asked_for() -> None:
    assert arguments().parse_args([]).servers == [2, 6]
    assert arguments().parse_args(["--servers", "2", "12"]).servers == [2, 12]
