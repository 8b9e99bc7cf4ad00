"""Who is signed in from where, and who is about to be: the count that a user's limit is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Key = tuple[str, int, int]  # remote address, remote port, local port

LEASE = 60.0  # seconds that a granted sign-in may take to become a session


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in session and the leg to its back end, by which it is ended politely."""

    user: str
    protocol: str  # imap or pop3
    back_port: int  # of this host, towards the back end
    back_end_port: int  # of the back end


@dataclass(frozen=True, slots=True)
class Lease:
    """A sign-in that was granted and is not a session yet; ``ends`` is on the clock of the caller."""

    user: str
    protocol: str
    ends: float


class Table:
    """Sessions and leases. A user's are counted together for each protocol, wherever they come from."""

    def __init__(self) -> None:
        self.sessions: dict[Key, Session] = {}
        self._leases: dict[Key, Lease] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._missed: set[Key] = set()
        self.changed = False  # since it was stored last

    def grant(self, key: Key, user: str, protocol: str, limit: int, now: float) -> bool:
        """Whether one more session is allowed; if so its place is kept until it is established or fails."""
        for stale in [each for each, lease in self._leases.items() if lease.ends <= now]:
            del self._leases[stale]
        self._leases.pop(key, None)
        waiting = sum((lease.user, lease.protocol) == (user, protocol) for lease in self._leases.values())
        if self._counts[user, protocol] + waiting >= limit:
            return False
        self._leases[key] = Lease(user, protocol, now + LEASE)
        return True

    def establish(self, key: Key, session: Session) -> None:
        """A session has begun."""
        self.finish(key)
        self.sessions[key] = session
        self._counts[session.user, session.protocol] += 1
        self.changed = True

    def finish(self, key: Key) -> None:
        """A session has ended, or a sign-in has failed after it was granted; nothing happens if it is not known."""
        self._leases.pop(key, None)
        session = self.sessions.pop(key, None)
        if session is not None:
            self._counts[session.user, session.protocol] -= 1
            self.changed = True

    def keep_only(self, open_keys: Iterable[Key]) -> None:
        """Forget sessions and leases that have no connection any more, in case the news of their end was lost.

        ``open_keys`` are those of all connections now. One is forgotten when it is missing twice in a row, since its
        news may overtake the list.
        """
        missing = (self.sessions.keys() | self._leases.keys()) - set(open_keys)
        for key in missing & self._missed:
            self.finish(key)
        self._missed = missing

    def dump(self) -> dict[str, Any]:
        """The sessions as plain data; leases end by themselves."""
        return {"sessions": [[*key, asdict(session)] for key, session in self.sessions.items()]}

    def load(self, stored: Mapping[str, Any]) -> None:
        """Take up what an earlier run of the program knew."""
        for address, remote_port, local_port, session in stored["sessions"]:
            self.establish((address, remote_port, local_port), Session(**session))
        self.changed = False
