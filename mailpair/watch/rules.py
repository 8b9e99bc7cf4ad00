"""When a certificate, or what shows it, is worth a warning or an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from mailpair.settings.names import covers
from mailpair.site.problems import Problem
from mailpair.watch.facts import Facts

_DAY = timedelta(days=1)
_WARNING, _ERROR = 21 * _DAY, 7 * _DAY
# What renews itself does so with a third of its life left. So these are past the time: what lives for 30 days is due
# with 10 left, warned of with 9, and an error with 5. From 70 and 42 days of life on the limits of all others hold.
_WARNING_PART, _ERROR_PART = 0.3, 1 / 6
# A clock that is this far off lets nothing fail yet; the CA backdates what it issues by an hour.
_CLOCK_WARNING, _CLOCK_ERROR = timedelta(minutes=1), timedelta(hours=1)

RENEWING = frozenset({"private", "acme"})


class Level(Enum):
    """How bad something is; an error fails the playbook."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know."""

    level: Level
    problem: Problem

    def __str__(self) -> str:
        """One line."""
        return f"{self.level.value}: {self.problem}"


def expiry(place: str, what: Facts, source: str, now: datetime) -> Finding | None:
    """Judge how long a certificate is still valid; ``source`` says who renews it."""
    left, life = what.not_after - now, what.not_after - what.not_before
    renews = source in RENEWING and not what.authority
    warning, error = limits(life, renews=renews)
    if left >= warning:
        return None
    level = Level.ERROR if left < error else Level.WARNING
    value = f"{what.title}, valid until {what.not_after:%Y-%m-%d %H:%M} UTC, {_left(left)}"
    if renews:
        rule = f"must have been renewed with {_days(life / 3)} left"
        remedy = "see in the host's journal why it was not, and run playbooks/site.yml"
    else:
        rule = f"must have {_days(_WARNING)} left"
        remedy = "renew the CA" if what.authority else "renew it and put it where the site document says"
    return Finding(level, Problem(place, value, rule, remedy))


def limits(life: timedelta, *, renews: bool) -> tuple[timedelta, timedelta]:
    """Below which time that is left there is a warning, and an error."""
    if not renews:
        return _WARNING, _ERROR
    return min(_WARNING, life * _WARNING_PART), min(_ERROR, life * _ERROR_PART)


def agreement(place: str, kept: Sequence[Facts], shown: Sequence[Facts], file: str, unit: str) -> Finding | None:
    """Compare what a port shows with the file that it should be from.

    A server may show more than the file holds: OpenSSL completes a chain from the CAs that it trusts.
    """
    if [each.fingerprint for each in shown[: len(kept)]] == [each.fingerprint for each in kept]:
        return None
    value = " from ".join(each.serial for each in shown[: len(kept)])
    if len(shown) < len(kept):
        value += " alone"
    rule = f"must be what is in {file}, {' from '.join(each.serial for each in kept)}"
    return Finding(Level.ERROR, Problem(place, value, rule, f"load it with systemctl reload {unit}"))


def name(place: str, shown: Facts, asked: str) -> Finding | None:
    """Judge whether a certificate is for the name that was asked for."""
    if not asked or any(covers(each, asked) for each in shown.names):
        return None
    rule = f"must be for {asked}"
    return Finding(Level.ERROR, Problem(place, ", ".join(shown.names), rule, "run playbooks/site.yml"))


def begun(place: str, what: Facts, clock: datetime) -> Finding | None:
    """Judge whether a certificate is valid already, by the clock of the host that uses it."""
    if what.not_before <= clock:
        return None
    value = f"{what.title}, valid from {what.not_before:%Y-%m-%d %H:%M} UTC"
    rule = f"must be valid by the host's clock, which says {clock:%Y-%m-%d %H:%M} UTC"
    return Finding(Level.ERROR, Problem(place, value, rule, "set the clock right"))


def clocks(host: str, clock: datetime, now: datetime) -> Finding | None:
    """Compare the clock of a host with the controller's."""
    off = abs(clock - now)
    if off <= _CLOCK_WARNING:
        return None
    level = Level.ERROR if off > _CLOCK_ERROR else Level.WARNING
    value = f"{clock:%Y-%m-%d %H:%M:%S} UTC, {_span(off)} {'ahead' if clock > now else 'behind'}"
    rule = f"must be within a minute of the controller's, which says {now:%Y-%m-%d %H:%M:%S} UTC"
    remedy = "set the one that is wrong, and keep it right with systemd-timesyncd or chrony"
    return Finding(level, Problem(f"{host} clock", value, rule, remedy))


def _left(left: timedelta) -> str:
    return f"{_span(left)} left" if left > timedelta() else f"over for {_span(-left)}"


def _span(span: timedelta) -> str:
    if span >= 2 * _DAY:
        return _days(span)
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60} min"


def _days(span: timedelta) -> str:
    return f"{span // _DAY} day{'s' if span // _DAY != 1 else ''}"
