"""The power fails under load, and disks forget what was not flushed; no message that was acknowledged is lost.

``MAILPAIR_POWER_FAILURES`` is how often each kind of failure comes; ``make test-faults`` has ten of each.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from pulumi_stack.platforms.nspawn.host import has_systemd
from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.support import clients
from tests.e2e.support.power import Powered, fail, forgetful
from tests.e2e.support.wait import PATIENCE, until
from tests.e2e.test_peer_faults import says

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

# Of each kind; none unless asked for, as `make test-faults` does: a message that was under way arrives minutes later.
FAILURES = int(os.environ.get("MAILPAIR_POWER_FAILURES", "0"))
CACHE = os.environ.get("MAILPAIR_POWER_CACHE", "writeback")  # "unsafe": disks that lie, by which the test must fail
ENOUGH = 15  # promises before the power fails
GIVEN_UP = 240  # seconds; Postfix gives up a connection without an answer sooner (lmtp_data_done_timeout)
ADA, BOB, CAROL = "ada@contoso.test", "bob@contoso.test", "carol@contoso.test"
FOLDER = "Kept"
# Dovecot waits for whoever has this lock of a folder's index before it answers.
_HOLD = """
import fcntl, signal
with open({file!r}, "r+") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    open({told!r}, "x")
    signal.pause()
"""

pytestmark = pytest.mark.skipif(
    has_systemd(), reason="machines are units of systemd here; the test starts them in its own way"
)


@dataclass
class Load:
    """What clients do until the power fails, and what they were promised."""

    lab: Lab
    submitted: set[str] = field(default_factory=set)  # subjects
    appended: dict[str, str] = field(default_factory=dict)  # subjects, and the UIDs that the server named
    delivered: int = 0  # messages that a back end has taken from its front end
    errors: list[str] = field(default_factory=list)  # how clients were cut off
    stop: threading.Event = field(default_factory=threading.Event)
    news: threading.Condition = field(default_factory=threading.Condition)
    _journal: subprocess.Popen[str] | None = None

    def submissions(self) -> None:
        """A user sends to another, one message after the other."""
        with clients.connect_smtp(self.lab) as client:
            client.login(ADA, self.lab.password(ADA))
            while not self.stop.is_set():
                subject = clients.unique("submitted")
                client.sendmail(ADA, [BOB], f"From: {ADA}\r\nTo: {BOB}\r\nSubject: {subject}\r\n\r\nGood morning.\r\n")
                with self.news:
                    self.submitted.add(subject)
                    self.news.notify_all()

    def copies(self) -> None:
        """A user keeps messages on the server."""
        with clients.imap(self.lab, ADA, folder=None) as client:
            while not self.stop.is_set():
                subject = clients.unique("appended")
                message = f"From: {ADA}\r\nSubject: {subject}\r\n\r\nGood morning.\r\n".encode()
                said = clients.ok(client.append(FOLDER, "", "", message))[-1].decode()
                uid = re.search(r"APPENDUID (\d+ \d+)", said)
                assert uid, said
                with self.news:
                    self.appended[subject] = uid[1]
                    self.news.notify_all()

    def deliveries(self) -> None:
        """Postfix at the front end says what it has handed over."""
        command = (*self.lab.front.ssh, "journalctl --follow --lines=0 --output=cat --unit='postfix*'")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as self._journal:
            assert self._journal.stdout is not None
            for line in self._journal.stdout:
                with self.news:
                    self.delivered += "status=sent" in line
                    self.news.notify_all()

    def end(self) -> None:
        """Lets everybody come to an end."""
        self.stop.set()
        if self._journal:
            self._journal.terminate()

    def wait(self, promises: Callable[[], int]) -> None:
        """Returns when so many promises were made."""
        with self.news:
            assert self.news.wait_for(lambda: promises() >= ENOUGH, PATIENCE), f"clients are cut off: {self.errors}"


@contextmanager
def working(load: Load, *work: Callable[[], None]) -> Iterator[None]:
    """Clients at work; that they are cut off at the end is what they are for."""

    def until_cut_off(each: Callable[[], None]) -> None:
        try:
            each()
        except Exception as error:  # noqa: BLE001 -- libraries have many words for a server that is gone
            load.errors.append(f"{each.__name__}: {error!r}")

    threads = [threading.Thread(target=until_cut_off, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.end()
        for thread in threads:
            thread.join()


def _signs_in(lab: Lab) -> bool:
    try:
        return says(lab, ADA) == ("", "")
    except OSError:  # nothing listens yet
        return False


@pytest.fixture(scope="module")
def machines(stack: Stack, lab: Lab) -> Iterator[dict[str, Powered]]:
    """The pair on disks that forget; afterwards it is as it was before, and the disks are gone."""
    names = StackNames(stack.name)
    with (
        TemporaryDirectory(prefix=f"mailpair-{stack.name}-disks-") as folder,
        forgetful(
            [Powered(host, names.machine(host.name), Path(folder) / host.name, CACHE) for host in lab.hosts]
        ) as made,
    ):
        until(lambda: _signs_in(lab), "the servers are up again")
        with clients.imap(lab, ADA) as client:
            clients.ok(client.create(FOLDER))
        yield {each.host.name: each for each in made}


@contextmanager
def power_failure(*machines: Powered) -> Iterator[None]:
    """The power of machines fails at the end of the context, and comes back.

    A file that nobody flushed is gone then, or all this would show nothing.
    """
    yield
    fail(*machines)
    for each in machines:
        each.give()
    assert [each.scrap() for each in machines] == [""] * len(machines)


def found(lab: Lab, user: str, folder: str) -> dict[str, list[str]]:
    """The subjects in a folder, each with its validity and UIDs as APPENDUID has them."""
    with clients.imap(lab, user, folder=folder) as client:
        validity = client.response("UIDVALIDITY")[1][0].decode()
        whole = clients.ok(client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    subjects: dict[str, list[str]] = {}
    for part in whole:
        if isinstance(part, tuple):
            uid = re.search(rb"UID (\d+)", part[0])
            assert uid, part
            subjects.setdefault(part[1].decode().partition(":")[2].strip(), []).append(f"{validity} {uid[1].decode()}")
    return subjects


def is_served(lab: Lab) -> bool:
    """Whether users can sign in, for submission too; no mailbox is opened that was written to when the power failed."""
    try:
        with clients.imap(lab, CAROL, folder=None), clients.connect_smtp(lab) as smtp:
            smtp.login(ADA, lab.password(ADA))
    except Exception:  # noqa: BLE001 -- libraries have many words for a service that is not there
        return False
    return True


def greet(lab: Lab, user: str, *folders: str) -> None:
    """The first to come after a power failure is told nothing of it, whether they read or write."""
    with clients.imap(lab, user, folder=None) as client:
        for folder in folders:
            clients.ok(client.select(folder))
            clients.ok(client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
            clients.ok(client.append(folder, "", "", b"Subject: first\r\n\r\nGood morning.\r\n"))


@contextmanager
def under_load(lab: Lab) -> Iterator[Load]:
    """What fails in the context says what clients were told, what waits, and what is in journals.

    These go with the disks.
    """
    load = Load(lab)
    try:
        yield load
    except Exception as error:
        journal = "journalctl --boot --lines=200 --output=short-precise --no-hostname --unit='postfix*' --unit=dovecot"
        said = [lab.front.run("postqueue -j", check=False), *(host.run(journal, check=False) for host in lab.hosts)]
        raise AssertionError("\n".join((repr(error), "Clients were told:", *load.errors, *said))) from error


def judge(lab: Lab, load: Load) -> None:
    """All that was promised is there once the queue is empty, and what was stored has the UIDs that were named."""
    until(lambda: is_served(lab), "users are served again")
    greet(lab, ADA, FOLDER, "INBOX")
    greet(lab, BOB, "INBOX")

    def delivered() -> bool:
        lab.front.run("postqueue -f")
        return lab.front.run("postqueue -j") == ""

    until(delivered, "an empty queue", GIVEN_UP)
    inbox, kept = found(lab, BOB, "INBOX"), found(lab, ADA, FOLDER)
    assert sorted(load.submitted - inbox.keys()) == []
    assert {each: [uid] for each, uid in load.appended.items()} == {each: kept.get(each, []) for each in load.appended}


@pytest.mark.parametrize("turn", range(FAILURES))
def test_what_a_front_end_has_taken_survives(lab: Lab, machines: dict[str, Powered], turn: int) -> None:
    """With its back end away, so that all is in the queue."""
    with under_load(lab) as load:
        lab.back.run("systemctl stop haproxy")
        with working(load, load.submissions), power_failure(machines["front1"]):
            load.wait(lambda: len(load.submitted) - turn)
        lab.back.run("systemctl start haproxy")
        judge(lab, load)


@pytest.mark.parametrize("turn", range(FAILURES))
def test_what_a_back_end_has_taken_from_its_front_end_survives(
    lab: Lab, machines: dict[str, Powered], turn: int
) -> None:
    with under_load(lab) as load:
        with working(load, load.submissions, load.deliveries), power_failure(machines["back1"]):
            load.wait(lambda: load.delivered - turn)
        judge(lab, load)


@pytest.mark.parametrize("turn", range(FAILURES))
def test_what_a_back_end_has_not_answered_arrives(lab: Lab, machines: dict[str, Powered], turn: int) -> None:
    """The front end waits for a word about a message that it has handed over, and nobody there knows of it any more."""
    with under_load(lab) as load:
        subject = clients.unique(f"unanswered {turn}")
        with clients.imap(lab, BOB):  # which makes the mailbox, where it is not there yet
            folder = f"{lab.back.run(f'doveadm user -f home {BOB}').strip()}/Maildir"
        hold = _HOLD.format(file=f"{folder}/dovecot.index.log", told="/run/held")
        with power_failure(machines["back1"]):
            lab.back.run(f"systemd-run --quiet python3 -c {shlex.quote(hold)}")
            until(lambda: lab.back.run("ls /run/held", check=False), "a lock")
            clients.submit(lab, ADA, BOB, subject)
            waiting = "grep -e '-> POSIX' /proc/locks"
            until(lambda: lab.back.run(waiting, check=False), "Dovecot has the message, and waits")
        load.submitted.add(subject)
        judge(lab, load)


@pytest.mark.parametrize("turn", range(FAILURES))
def test_what_a_client_has_stored_survives(lab: Lab, machines: dict[str, Powered], turn: int) -> None:
    with under_load(lab) as load:
        with working(load, load.copies), power_failure(machines["back1"]):
            load.wait(lambda: len(load.appended) - turn)
        judge(lab, load)


@pytest.mark.parametrize("turn", range(FAILURES))
def test_nothing_is_lost_where_all_servers_fail_at_once(lab: Lab, machines: dict[str, Powered], turn: int) -> None:
    with under_load(lab) as load:
        with working(load, load.submissions, load.copies), power_failure(*machines.values()):
            load.wait(lambda: min(len(load.submitted), len(load.appended)) - turn)
        judge(lab, load)
