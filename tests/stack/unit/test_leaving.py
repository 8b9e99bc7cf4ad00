"""What is in the way of a machine's end."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from typing import TYPE_CHECKING

import pytest

from mailpair.state import SiteState
from pulumi_stack.errors import StackError
from pulumi_stack.platforms.nspawn import host, leaving, make_machine, names
from pulumi_stack.platforms.nspawn.machine import MachineSpec
from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.process import Runner

if TYPE_CHECKING:
    from pathlib import Path

STACK = StackNames("west")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of all stacks is the test's own."""
    monkeypatch.setattr(names, "STATE", tmp_path)


def put(machine: str, *files: str) -> None:
    """Files below a machine's root file system."""
    for name in files:
        file = STACK.machine(machine).root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def said(*staying: str, let_go: str = "") -> list[str]:
    """The problems as a user reads them."""
    return [str(each) for each in leaving.problems(STACK, staying, {leaving.LET_GO: let_go})]


REMEDY = "must hold no mail when it goes; see docs/leaving.md for how to empty it, or say"
ADA, BOB = "srv/vmail/contoso.test/ada", "srv/vmail/contoso.test/bob"


@pytest.mark.parametrize(
    ("files", "holds"),
    [
        ([f"{ADA}/cur/1", f"{ADA}/cur/2", f"{ADA}/dovecot-uidlist"], "1 mailbox with mail"),
        ([f"{ADA}/new/1", f"{BOB}/.Sent/cur/1"], "2 mailboxes with mail"),
        (["var/spool/postfix/deferred/A/A1"], "1 message in the queue"),
        (["var/spool/postfix/maildrop/1", "var/spool/postfix/hold/2"], "2 messages in the queue"),
        ([f"{ADA}/cur/1", "var/spool/postfix/active/1"], "1 mailbox with mail and 1 message in the queue"),
    ],
)
def test_what_a_machine_holds_is_told_word_for_word(files: list[str], holds: str) -> None:
    put("back2", *files)
    assert said("front1") == [f"machine back2: {holds}: {REMEDY} MAILPAIR_LET_GO=back2 and lose that mail"]


@pytest.mark.parametrize(
    "file",
    [
        f"{ADA}/dovecot.index.log",
        f"{ADA}/tmp/1",
        f"{ADA}/subscriptions",
        "var/spool/postfix/defer/A/A1",
        "var/spool/postfix/pid/master.pid",
    ],
)
def test_what_is_no_message_may_go(file: str) -> None:
    put("back2", file)
    assert said() == []


def test_who_stays_is_not_looked_at_and_all_who_go_are_told_at_once() -> None:
    for name in ("back1", "back2", "front2", ".back3.old"):
        put(name, f"{ADA}/cur/1")
    assert [each.partition(":")[0] for each in said("back1")] == ["machine back2", "machine front2"]


@pytest.mark.parametrize("let_go", ["back2", "front2 back2", "all"])
def test_mail_can_be_let_go(let_go: str) -> None:
    put("back2", f"{ADA}/cur/1")
    assert said(let_go=let_go) == []


@pytest.mark.parametrize("let_go", ["", "back", "back22", "front2"])
def test_it_is_let_go_by_name_alone(let_go: str) -> None:
    put("back2", f"{ADA}/cur/1")
    assert len(said(let_go=let_go)) == 1


def test_links_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere/ada/cur").mkdir(parents=True)
    (tmp_path / "elsewhere/ada/cur/1").touch()
    put("back2", "srv/vmail/x")
    (STACK.machine("back2").root / "srv/vmail/contoso.test").symlink_to(tmp_path / "elsewhere")
    assert said() == []


def test_a_stack_that_is_not_made_has_nothing_to_lose() -> None:
    assert said() == []


def machine(owner: Path) -> make_machine.Maker:
    """A machine that is there."""
    names = STACK.machine("front1")
    names.root.mkdir(parents=True)
    host.write_mark(names.folder, {"owner": str(owner)})
    spec = MachineSpec(
        names=names,
        owner=str(owner),
        fqdn="front1.contoso.test",
        bridge=STACK.bridge,
        address=IPv4Interface("10.0.0.2/24"),
        address6=IPv6Interface("fd00::2/64"),
        gateway=IPv4Address("10.0.0.1"),
    )
    return make_machine.Maker(spec, SiteState(owner), Runner())


@pytest.mark.parametrize("comes", [False, True])
def test_what_comes_until_a_machine_has_stopped_is_in_its_way_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comes: bool
) -> None:
    maker, done = machine(tmp_path), list[str]()

    async def stop(*_: object) -> None:
        done.append("stop")
        if comes:
            put("front1", "var/spool/postfix/deferred/A/A1")

    async def others(what: str) -> None:
        done.append(what)

    monkeypatch.setattr(make_machine, "stop", stop)
    monkeypatch.setattr(make_machine, "take_away", lambda *_: others("take away"))
    monkeypatch.setattr(maker, "_start", lambda: others("start"))
    if comes:
        with pytest.raises(StackError, match="1 message in the queue"):
            asyncio.run(maker.remove(leaving.problem))
    else:
        asyncio.run(maker.remove(leaving.problem))
    assert done == ["stop", "start" if comes else "take away"]
