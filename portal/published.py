"""What the controller has published, read anew as soon as it changes, and what of it a user is shown."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger("portal")

PROTOCOLS = ("pop", "imap", "smtp")  # in the order in which users are shown them


@dataclass(frozen=True, slots=True)
class Setting:
    """One way for a mail program to connect. ``encryption`` is SSL (from the first byte) or TLS (STARTTLS)."""

    protocol: str
    server: str
    port: int
    encryption: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What one user sees."""

    user: str
    outside: tuple[Setting, ...]
    inside: tuple[Setting, ...]
    switches: Mapping[str, str]  # of pop and imap: on, off (for this mailbox), or unpublished
    profiles: tuple[str, ...]  # pop and imap, as far as there are profiles to download

    @property
    def anything(self) -> bool:
        """Whether there is anything to look up."""
        return bool(self.outside or self.inside)

    def first(self, *protocols: str) -> Setting | None:
        """The setting to recommend: the first of the first protocol that has one, outside before inside."""
        for protocol in protocols:
            for setting in (*self.outside, *self.inside):
                if setting.protocol == protocol:
                    return setting
        return None


@dataclass(frozen=True, slots=True)
class Published:
    """The content of the file."""

    title: str  # the organisation, as users know it
    address: str  # of the page itself
    settings: Mapping[str, Mapping[str, tuple[Setting, ...]]]  # by view and protocol
    profiles: Mapping[str, Mapping[str, Any]]  # templates of Apple's, by protocol
    authority: Mapping[str, Any] | None  # the part that tells devices of the site's own CA
    mailboxes: Mapping[str, Mapping[str, bool]]  # the switches of those who may sign in
    stamps: Mapping[str, str]  # of their accounts; another once the password is

    def shown(self, user: str) -> Shown:
        """What a user sees, one of ``mailboxes``: what is published, without what is off for the mailbox."""
        switches = self.mailboxes[user]

        def view(name: str) -> Iterable[Setting]:
            for protocol in PROTOCOLS:
                if switches.get(protocol, True):
                    yield from self.settings[name][protocol]

        outside, inside = tuple(view("outside")), tuple(view("inside"))
        there = {setting.protocol for setting in (*outside, *inside)}
        words = {True: "on", False: "unpublished"}
        return Shown(
            user,
            outside,
            inside,
            {each: words[each in there] if on else "off" for each, on in switches.items()},
            tuple(each for each in self.profiles if switches[each]),
        )


def parse(content: bytes, accounts: str = "") -> Published:
    """Read the file's content; raises an error where it is not what the controller writes.

    ``accounts`` has lines such as ``ada@contoso.test:STAMP``.
    """
    data: dict[str, Any] = json.loads(content)
    return Published(
        title=data["title"],
        address=data["address"],
        settings={
            view: {
                protocol: tuple(
                    Setting(protocol, each["server"], each["port"], each["encryption"]) for each in offers[protocol]
                )
                for protocol in PROTOCOLS
            }
            for view, offers in data["settings"].items()
        },
        profiles=data["profiles"],
        authority=data["authority"],
        mailboxes=data["mailboxes"],
        stamps={address: stamp for address, _, stamp in (line.partition(":") for line in accounts.splitlines())},
    )


@dataclass
class Publication:
    """The file, and beside it one with stamps of accounts, ``portal.json`` and ``portal.accounts``.

    Each look at them is as new as the files themselves, so nothing has to be restarted or told.
    """

    path: Path
    _seen: tuple[tuple[int, int, int], ...] = ()
    _current: Published | None = field(default=None)

    def current(self) -> Published:
        """What is published now. A file that can't be read leaves what was there before, if anything."""
        try:
            accounts = self.path.with_suffix(".accounts")
            files = (self.path, accounts) if accounts.exists() else (self.path,)
            seen = tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in map(Path.stat, files))
            if self._current is None or seen != self._seen:
                stamps = accounts.read_text(encoding="utf-8") if len(files) > 1 else ""
                self._current, self._seen = parse(self.path.read_bytes(), stamps), seen
        except (OSError, KeyError, TypeError, ValueError) as error:
            if self._current is None:
                raise
            log.warning("%s: %s: what was published before stays", self.path, error)
        return self._current
