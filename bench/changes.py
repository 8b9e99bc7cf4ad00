"""How soon a change holds, from the command's start: one setting, one mailbox; and where a run's time goes."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import yaml

from bench.doors import PATIENCE as ANSWER
from bench.doors import Account, Door, ImapSession
from bench.figures import Figure
from mailpair.state import SiteState
from tests.e2e.support.wait import until

BANNER = "Good morning."
ADDRESS = "added@contoso.test"
BY_ITSELF = "added.alone@contoso.test"
SLOWEST = 5  # tasks that are named
PATIENCE = 20 * 60  # seconds, for a run on a machine with much else to do
_TOOK = re.compile(r"^Took ([\d.]+) s$", re.MULTILINE)
_TASK = re.compile(r"^ +([\d.]+) s  (.+)$", re.MULTILINE)

# Of mailbox.yml: printed with the first answer, since ansible.cfg shows no skipped hosts, so once that has been done.
TOLD = "TASK [Make it known to front ends]"


class Playbook(Protocol):
    """Runs one of playbooks/."""

    def __call__(self, name: str, heard: Callable[[str], object] = ..., /) -> str:
        """Returns what it printed, its tasks' times with it.

        ``name`` may have arguments behind it; ``heard`` gets each line as it comes.
        """


def setting(playbook: Playbook, site_dir: Path, door: Door) -> list[Figure]:
    """A banner of IMAP4, from the start of a run of site.yml until a client is greeted with it, and until its end."""
    edit(site_dir / "site.yml", lambda document: document["mailpair_site"]["imap_settings"].update(banner=BANNER))
    start = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(playbook, "site.yml")

        def look() -> bool:
            if running.done():
                running.result()  # whose error says more than that nothing was seen
            return BANNER in greeting(door)

        until(look, f"the banner {BANNER!r}", patience=PATIENCE)
        seen = time.perf_counter() - start
        running.result()
    return [
        Figure("one changed setting, to effect", seen, "s", "site.yml, from the command's start"),
        Figure("one changed setting, to the end of the run", time.perf_counter() - start, "s"),
    ]


def mailbox(playbook: Playbook, site_dir: Path, door: Door) -> list[Figure]:
    """A mailbox, from the start of a run to the first SELECT: brought with all others, and alone."""
    account = _added(site_dir, ADDRESS)
    start = time.perf_counter()
    playbook("mailboxes.yml")
    with ImapSession(door, account):
        with_all = time.perf_counter() - start
    alone, end = brought(playbook, door, _added(site_dir, BY_ITSELF))
    return [
        Figure("one added mailbox, mailboxes.yml, to its first login", with_all, "s", "after the whole command"),
        Figure("one added mailbox, mailbox.yml, to its first login", alone, "s", "from the command's start"),
        Figure("one added mailbox, mailbox.yml, to the end of the run", end, "s"),
    ]


def brought(playbook: Playbook, door: Door, account: Account) -> tuple[float, float]:
    """Seconds from the start of mailbox.yml until the mailbox's owner is signed in, and until the end of the run.

    Front ends are told last, so from then on the owner tries to sign in.
    """
    start = time.perf_counter()

    def enter() -> float:
        until(lambda: _enters(door, account), f"{account.address} is let in")
        return time.perf_counter() - start

    with ThreadPoolExecutor(1) as pool:
        entering: list[Future[float]] = []

        def heard(line: str) -> None:
            if not entering and line.startswith(TOLD):
                entering.append(pool.submit(enter))

        playbook(f"mailbox.yml -e mailbox={account.address}", heard)
        end = time.perf_counter() - start
    if not entering:
        raise RuntimeError(f"the run did not tell of {TOLD!r}")
    return entering[0].result(), end


def _enters(door: Door, account: Account) -> bool:
    """Whether somebody is let in; not while the back end has not noticed that there is such a mailbox."""
    try:
        with ImapSession(door, account):
            return True
    except RuntimeError:
        return False


def _added(site_dir: Path, address: str) -> Account:
    """Writes a mailbox into the document, and its password where the next run finds it."""
    edit(
        site_dir / "mailboxes.yml",
        lambda document: document["mailpair_mailboxes"].update({address: {"server": "back1"}}),
    )
    state = SiteState(site_dir)
    state.ensure_password(address)
    return Account(address, state.password_file(address).read_text().strip())


def profile(playbook: Playbook) -> list[Figure]:
    """Where the time of a run that finds nothing to do goes."""
    start = time.perf_counter()
    printed = playbook("site.yml")
    return profiled(printed, time.perf_counter() - start)


def profiled(printed: str, seconds: float) -> list[Figure]:
    """Figures of what the callback ``durations`` printed of all tasks of a run that took so many seconds."""
    took = _TOOK.search(printed)
    tasks = [(float(taken), name) for taken, name in _TASK.findall(printed)]
    if not took or not tasks:
        raise RuntimeError(f"the run says nothing of its tasks' times:\n{printed}")
    inside = float(took[1])
    return [
        Figure("nothing to do, tasks", len(tasks), "count"),
        Figure("nothing to do, each task", 1000 * inside / len(tasks), "ms", "mean"),
        Figure("nothing to do, before the first task", seconds - inside, "s", "start, inventory"),
        *(
            Figure(f"nothing to do, {name}", taken, "s", f"{taken / inside:.0%} of all tasks")
            for taken, name in tasks[:SLOWEST]
        ),
    ]


def edit(file: Path, change: Callable[[Any], object]) -> None:
    """Changes a document of a site; the next run brings it to the servers."""
    document = yaml.safe_load(file.read_text())
    change(document)
    file.write_text(yaml.safe_dump(document))


def greeting(door: Door) -> str:
    """What an IMAP client is greeted with; empty where nobody answers."""
    try:
        with (
            socket.create_connection((door.address, door.port), ANSWER) as plain,
            door.tls.wrap_socket(plain, server_hostname=door.name) as tls,
            tls.makefile("rb") as answers,
        ):
            return answers.readline().decode()
    except OSError:  # while its service loads what is new, for example
        return ""
