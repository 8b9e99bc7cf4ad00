"""What would be lost with a machine: mail in mailboxes, and mail that still waits to be sent."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mailpair.plan import places
from pulumi_stack.errors import Problem
from pulumi_stack.platforms.nspawn.names import MachineNames, StackNames

# Names of machines that may go with what they hold, with blanks between them, or ``all``.
LET_GO = "MAILPAIR_LET_GO"

_ALL = "all"
_MESSAGES = ("new", "cur")  # of a Maildir, each with a file a message
# Of Postfix (qmgr(8)); `defer` and `bounce` hold notes on messages, not messages.
_QUEUES = ("maildrop", "hold", "incoming", "active", "deferred")


def problems(names: StackNames, staying: Collection[str], environment: Mapping[str, str] = os.environ) -> list[Problem]:
    """What is in the way of machines of a stack that are there and not among those that stay."""
    folder = names.state / "machines"
    try:
        there = sorted(each.name for each in folder.iterdir())
    except (FileNotFoundError, PermissionError):  # who may not look may not take a machine away either
        return []
    leaving = (name for name in there if name not in staying and not name.startswith("."))
    found = (problem(names.machine(name), environment) for name in leaving)
    return [each for each in found if each]


def problem(names: MachineNames, environment: Mapping[str, str] = os.environ) -> Problem | None:
    """What is in the way of one machine's end; None where nothing would be lost, or where it may be."""
    let_go = environment.get(LET_GO, "").split()
    if names.name in let_go or _ALL in let_go:
        return None
    kept = [_counted(sum(1 for _ in mailboxes(names.root)), "mailbox with mail", "mailboxes with mail")]
    kept += [_counted(sum(1 for _ in queued(names.root)), "message in the queue", "messages in the queue")]
    holds = " and ".join(filter(None, kept))
    if not holds:
        return None
    return Problem(
        f"machine {names.name}",
        holds,
        "must hold no mail when it goes",
        f"see docs/leaving.md for how to empty it, or say {LET_GO}={names.name} and lose that mail",
    )


def mailboxes(root: Path) -> Iterator[Path]:
    """The mailboxes below a machine's root file system in which there is a message."""
    store = root / places.MAIL.lstrip("/")
    for domain in _folders(store):
        yield from (mailbox for mailbox in _folders(domain) if _has_message(mailbox))


def queued(root: Path) -> Iterator[Path]:
    """The messages that wait in Postfix's queue below a machine's root file system."""
    for queue in _QUEUES:
        for folder, _, files in os.walk(root / "var/spool/postfix" / queue):
            yield from (Path(folder, file) for file in files)


def _has_message(mailbox: Path) -> bool:
    return any(files and Path(folder).name in _MESSAGES for folder, _, files in os.walk(mailbox))


def _folders(folder: Path) -> Iterator[Path]:
    """Links are left out: they may lead out of the machine."""
    if folder.is_dir() and not folder.is_symlink():
        yield from (each for each in sorted(folder.iterdir()) if each.is_dir() and not each.is_symlink())


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""
