"""Which connections have been silent, or open, for too long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .sock_diag import Connection
from .table import Key

# Dovecot itself ends a connection that has not signed in by then, so an older one has.
SIGN_IN_ENDS = 180.0  # seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """What connections to a port are allowed, in seconds; None: no end."""

    silent: float | None = None  # signed in
    silent_before: float | None = None  # not signed in
    total: float | None = None  # since the connection began


@dataclass(frozen=True, slots=True)
class Overdue:
    """A connection to end, and why: ``signed_in`` tells which limit it was."""

    connection: Connection
    signed_in: bool
    seconds: float


@dataclass(slots=True)
class _Seen:
    first: float
    busy: float | None = None  # when something was on its way to the client last


class Watch:
    """Remembers what each connection did; asked about once a second."""

    def __init__(self) -> None:
        self._seen: dict[bytes, _Seen] = {}
        self._fresh = True

    def overdue(
        self, connections: Iterable[Connection], limits: Mapping[int, Limits], signed_in: Iterable[Key], now: float
    ) -> list[Overdue]:
        """The connections to end now.

        ``limits`` are by local port; connections to other ports are nobody's business. Silent is one from which
        nothing came and to which nothing is on its way: a slow download is no silence, and its end begins one. What
        the server says of its own accord does not count. ``now`` is a monotonic clock in seconds.
        """
        known = set(signed_in)
        former, self._seen, fresh, self._fresh = self._seen, {}, self._fresh, False
        found = []
        for each in connections:
            if each.local_port not in limits:
                continue
            silent = each.received / 1000
            # What was open before this program began is as old as its silence at least.
            seen = former.get(each.identity) or _Seen(now - silent if fresh else now)
            self._seen[each.identity] = seen
            if each.busy:
                seen.busy = now
            if seen.busy is not None:
                silent = min(silent, now - seen.busy)
            inside = each.key in known or now - seen.first > SIGN_IN_ENDS
            limit = limits[each.local_port]
            if _reached(limit.silent if inside else limit.silent_before, silent):
                found.append(Overdue(each, each.key in known, silent))
            elif _reached(limit.total, now - seen.first):
                found.append(Overdue(each, each.key in known, now - seen.first))
        return found


def _reached(limit: float | None, seconds: float) -> bool:
    return limit is not None and seconds >= limit
