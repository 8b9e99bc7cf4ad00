"""A pair that is configured for measurements, and what is measured with clients of it, part by part."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import changes, commands, discovery, holding, idle, logins, many, rivals, stock_postfix, submission
from bench.doors import Account, Door
from mailpair.plan import places
from tests.e2e.support.lab import Lab
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figures import Figure

ADA = "ada@contoso.test"
PUBLIC_NAME = "mail.contoso.test"
IMAPS, POPS, SUBMISSION = 993, 995, 587


@dataclass(frozen=True)
class Sizes:
    """How much is done; small numbers show that it works, large ones are worth reading."""

    rounds: int = 200  # logins of each kind
    messages: int = 50  # that IDLE announces
    requests: int = 500  # of each web client
    bursts: int = 50  # of NOOP, each way
    fetches: int = 20  # of the large message, each way
    large: int = commands.LARGE  # bytes of it
    sessions: int = 5000  # held at once
    turns: int = 10  # of submissions, each way
    submissions: int = 100  # of each turn
    arrivals: int = 100  # that are waited for, each way
    mailboxes: int = 100_000  # of a large directory


@dataclass(frozen=True)
class Pair:
    """The servers, and who signs in to them."""

    lab: Lab
    people: Sequence[Account]  # whose hashes cost next to nothing
    playbook: changes.Playbook

    @property
    def usual(self) -> Account:
        """Somebody whose hash costs what it should."""
        return Account(ADA, self.lab.password(ADA))

    def front(self, port: int) -> Door:
        """The front end's port, as mail programs find it."""
        return Door(self.lab.front.address, PUBLIC_NAME, port, self.lab.tls)

    def back(self, port: int) -> Door:
        """The back end's own port for measurements.

        What it shows is for peers, by CAs that front ends know and no mail program does.
        """
        peers = ssl.create_default_context(cadata=self.lab.front.run(f"cat {places.PEERS_FILE}"))
        return Door(self.lab.back.address, self.lab.back.fqdn, port, peers)


def prepare(site_dir: Path, sizes: Sizes) -> list[Account]:
    """Edits the documents of a site for measurements; the next run of the playbook brings that to the servers."""
    discovery.turn_on(site_dir)
    return holding.accounts(site_dir, sizes.sessions)


def sign_ins(pair: Pair, sizes: Sizes) -> list[Figure]:
    """Logins over both protocols, in all ways."""
    found = []
    with rivals.running(pair.lab):
        for protocol, login, port, direct in (
            ("IMAP", logins.imap_login, IMAPS, places.DIRECT_IMAP_PORT),
            ("POP3", logins.pop_login, POPS, places.DIRECT_POP_PORT),
        ):
            others = {each.name: pair.front(each.imap if port == IMAPS else each.pop) for each in rivals.RIVALS}
            ways = logins.Ways(pair.front(port), pair.back(direct), others, pair.usual, pair.people[0])
            found += logins.compare(protocol, login, ways, rounds=sizes.rounds)
    return found


def after_sign_in(pair: Pair, sizes: Sizes) -> list[Figure]:
    """Commands of IMAP."""
    front, back = pair.front(IMAPS), pair.back(places.DIRECT_IMAP_PORT)
    return commands.figures(front, back, pair.usual, rounds=sizes.bursts, fetches=sizes.fetches, size=sizes.large)


def submitted(pair: Pair, sizes: Sizes) -> list[Figure]:
    """Messages that users send."""
    senders = pair.people[: max(submission.SIDE_BY_SIDE)]
    doors = {submission.OURS: pair.front(SUBMISSION), submission.STOCK: pair.front(stock_postfix.PORT)}
    back = pair.back(places.DIRECT_IMAP_PORT)

    def drained() -> None:
        until(lambda: not stock_postfix.queued(pair.lab.front), "empty queues", patience=10 * 60)

    with stock_postfix.running(pair.lab, ADA.partition("@")[2]):
        found = submission.rates(doors, senders, drained, turns=sizes.turns, messages=sizes.submissions)
        found += submission.arrivals(doors, back, pair.usual, messages=sizes.arrivals)
        drained()
    submission.empty(back, [*senders, pair.usual])
    return found


def changed(pair: Pair, sizes: Sizes) -> list[Figure]:  # noqa: ARG001 - each run is one
    """What is brought to servers by a run, and where its time goes."""
    site_dir, door = pair.lab.site_dir, pair.front(IMAPS)
    return [
        *changes.setting(pair.playbook, site_dir, door),
        *changes.mailbox(pair.playbook, site_dir, door),
        *changes.profile(pair.playbook),
    ]


def large(pair: Pair, sizes: Sizes) -> list[Figure]:
    """A mailbox that is added to a large directory."""
    return many.figures(pair.lab, pair.front(IMAPS), pair.playbook, sizes.mailboxes)


def held(pair: Pair, sizes: Sizes) -> list[Figure]:
    """Many sessions at once."""
    return holding.figures(pair.lab, pair.front(IMAPS), pair.people, sessions=sizes.sessions)


def notices(pair: Pair, sizes: Sizes) -> list[Figure]:
    """How soon IDLE tells of a message."""
    with pair.lab.names(PUBLIC_NAME):
        return idle.notices(pair.lab, ADA, messages=sizes.messages)


def web(pair: Pair, sizes: Sizes) -> list[Figure]:
    """What mail programs and users ask the web server."""
    return discovery.figures(pair.lab, ADA, requests=sizes.requests)


PARTS: Mapping[str, Callable[[Pair, Sizes], list[Figure]]] = {
    "logins": sign_ins,
    "commands": after_sign_in,
    "idle": notices,
    "submission": submitted,
    "discovery": web,
    "changes": changed,
    "many": large,
    "sessions": held,
}
