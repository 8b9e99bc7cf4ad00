"""What clients do while something is done to the servers, and what became of all that they were promised."""

from __future__ import annotations

import smtplib
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, TypeVar

from tests.e2e.several.test_any_front_end import ADA, BOB, STRANGER
from tests.e2e.support import clients
from tests.e2e.support.wait import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Host, Lab

T = TypeVar("T")
PAUSE = 0.2  # seconds after each; what is done to the servers meanwhile needs the processors as well


@dataclass
class Load:
    """What clients do meanwhile, what they were promised, and what they were told for good."""

    lab: Lab
    promised: set[tuple[str, str]] = field(default_factory=set)  # recipient and subject, after a 250
    doubtful: int = 0  # messages that nobody said anything final about
    sign_ins: int = 0
    refusals: list[str] = field(default_factory=list)  # what would make a client give up
    stop: threading.Event = field(default_factory=threading.Event)

    def submissions(self) -> None:
        """Users send to each other."""
        for sender, recipient in self._turns((ADA, BOB), (BOB, ADA)):
            subject = clients.unique("submitted")
            self._send(recipient, subject, partial(clients.submit, self.lab, sender, recipient, subject))

    def deliveries(self) -> None:
        """Strangers send to users."""
        for recipient, front in self._turns(*((user, front) for front in self.lab.fronts for user in (ADA, BOB))):
            subject = clients.unique("delivered")
            self._send(recipient, subject, partial(deliver, front, recipient, subject))

    def sessions(self) -> None:
        """Users read, over both protocols."""
        for user in self._turns(ADA, BOB):
            try:
                with clients.imap(self.lab, user) as imap, clients.pop(self.lab, user) as pop:
                    clients.ok(imap.noop())
                    pop.noop()
                self.sign_ins += 1
            except Exception as error:  # noqa: BLE001 -- libraries have many words for a service that is not there
                if "AUTHENTICATIONFAILED" in str(error) or "[AUTH]" in str(error):
                    self.refusals.append(f"{user}: {error}")

    def _turns(self, *each: T) -> Iterator[T]:
        for each_one in cycle(each):
            yield each_one
            if self.stop.wait(PAUSE):
                return

    def _send(self, recipient: str, subject: str, send: Callable[[], object]) -> None:
        try:
            send()
        except smtplib.SMTPResponseException as error:
            self.doubtful += 1
            if error.smtp_code >= 500:
                self.refusals.append(f"{recipient}: {error}")
        except (smtplib.SMTPException, OSError, AssertionError):
            self.doubtful += 1
        else:
            self.promised.add((recipient, subject))


def deliver(server: Host, recipient: str, subject: str) -> None:
    """A stranger sends a message."""
    with smtplib.SMTP(server.address, 25, timeout=PATIENCE) as client:
        client.sendmail(STRANGER, [recipient], f"From: <{STRANGER}>\r\nSubject: {subject}\r\n\r\nGood morning.\r\n")


@contextmanager
def under_load(lab: Lab) -> Iterator[Load]:
    """Clients are at work; at the end all that they sent has come, or will never."""
    load = Load(lab)
    work = (load.submissions, load.submissions, load.deliveries, load.sessions)
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    for front in lab.fronts:
        front.run("postqueue -f")
    until(lambda: all(front.run("postqueue -j") == "" for front in lab.fronts), "empty queues", 300)


def found(lab: Lab) -> Counter[tuple[str, str]]:
    """How often each message is in a mailbox, by recipient and subject."""
    there: Counter[tuple[str, str]] = Counter()
    for user in (ADA, BOB):
        with clients.imap(lab, user) as imap:
            whole = clients.ok(imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
        for part in whole:
            if isinstance(part, tuple):
                there[user, part[1].decode().partition(":")[2].strip()] += 1
    return there
