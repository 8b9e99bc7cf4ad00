"""What hosts tell of themselves in, which of Exchange's health sets are healthy and what mends the others out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mailpair.plan.health import CERTIFICATES, DISK, SERVICES, TRANSPORT
from mailpair.site.problems import Problem
from mailpair.watch.report import CONTROLLER, SILENT, Report
from mailpair.watch.rules import Level

# Percent that must be free; below the second one nothing can be written before long.
_DEGRADED, _UNHEALTHY = 10, 3
# Seconds: what Postfix has not tried yet must be gone soon, what was refused for a while may wait for the other side.
_UNTRIED, _DEFERRED = 15 * 60, 60 * 60
SERVER = "Server"  # stands for all sets of a host that says nothing


class State(Enum):
    """The states of Exchange's Get-HealthReport that there are here, the better first."""

    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    UNHEALTHY = "Unhealthy"


@dataclass(frozen=True, slots=True)
class Ailment:
    """Something that is wrong with a health set of a host."""

    host: str
    health_set: str
    state: State
    place: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        """One line."""
        where = " ".join(each for each in (self.host, self.health_set, self.place) if each)
        return f"{self.state.value}: {Problem(where, self.value, self.rule, self.remedy)}"


@dataclass(frozen=True, slots=True)
class Health:
    """The health sets of all hosts, in order, and what is wrong with them."""

    sets: tuple[tuple[str, str], ...]  # host and health set
    ailments: tuple[Ailment, ...]

    def state(self, host: str, health_set: str) -> State:
        """The worst that is said of a health set."""
        said = {each.state for each in self.ailments if (each.host, each.health_set) == (host, health_set)}
        return next((state for state in reversed(State) if state in said), State.HEALTHY)

    @property
    def unhealthy(self) -> tuple[Ailment, ...]:
        """What fails the playbook."""
        return tuple(each for each in self.ailments if each.state is State.UNHEALTHY)

    def table(self) -> list[str]:
        """Lines for a person: a table, then a line for each thing to do."""
        rows = [("Server", "HealthSet", "AlertValue")]
        rows += [(host, name, self.state(host, name).value) for host, name in self.sets]
        first, second = (max(len(row[column]) for row in rows) for column in range(2))
        shown = [f"{row[0]:<{first}}  {row[1]:<{second}}  {row[2]}" for row in rows]
        return [*shown, *(str(each) for each in self.ailments or ["All is well; there is nothing to do."])]

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "health_sets": [
                {"server": host, "health_set": name, "alert_value": self.state(host, name).value}
                for host, name in self.sets
            ],
            "problems": [
                {
                    "server": each.host,
                    "health_set": each.health_set,
                    "alert_value": each.state.value,
                    "place": each.place,
                    "value": each.value,
                    "rule": each.rule,
                    "remedy": each.remedy,
                }
                for each in self.ailments
            ],
        }


def health(hosts: Mapping[str, Mapping[str, Any] | None], certificates: Report) -> Health:
    """Judge what the module health_seen told of each host, None for one that could not be asked."""
    sets: list[tuple[str, str]] = []
    ailments: list[Ailment] = []
    for host, seen in hosts.items():
        if seen is None:
            sets.append((host, SERVER))
            remedy = "see above why it did not"
            ailments.append(Ailment(host, SERVER, State.UNHEALTHY, "", "no answer", "must tell how it is", remedy))
            continue
        sets += [(host, name) for name in seen["sets"]]
        ailments += [*_probes(host, seen), *_queue(host, seen["queue"]), *_certificates(host, certificates)]
        ailments += [*_disks(host, seen["folders"]), *_units(host, seen["units"])]
    if any(row.host == CONTROLLER for row in certificates.rows):
        sets.append((CONTROLLER, CERTIFICATES))
        ailments += _certificates(CONTROLLER, certificates)
    return Health(tuple(sets), tuple(ailments))


def _probes(host: str, seen: Mapping[str, Any]) -> Iterator[Ailment]:
    for each in seen["probes"]:
        if each["reason"]:
            yield Ailment(
                host,
                each["health_set"],
                State.UNHEALTHY,
                each["place"],
                each["reason"],
                each["rule"],
                each["remedy"],
            )


def _queue(host: str, queues: Mapping[str, Mapping[str, Any]]) -> Iterator[Ailment]:
    for name, each in queues.items():
        deferred = name == "deferred"
        most = _DEFERRED if deferred else _UNTRIED
        if name == "hold" or each["oldest"] <= most:
            continue
        count = each["messages"]
        value = f"{count} message{'s' if count != 1 else ''}, the oldest for {int(each['oldest']) // 60} minutes"
        yield Ailment(
            host,
            TRANSPORT,
            State.DEGRADED if deferred else State.UNHEALTHY,
            f"queue {name}",
            value,
            f"must be gone after {most // 60} minutes",
            f"see what they wait for with postqueue -p on {host}, mend it, and run postqueue -f there",
        )


def _certificates(host: str, report: Report) -> Iterator[Ailment]:
    for each in report.findings:
        name, _, place = each.problem.path.partition(" ")
        # A port that says nothing is a matter of what it serves, and said there.
        if name == host and each.problem.rule != SILENT:
            state = State.UNHEALTHY if each.level is Level.ERROR else State.DEGRADED
            problem = each.problem
            yield Ailment(host, CERTIFICATES, state, place, problem.value, problem.rule, problem.remedy)


def _disks(host: str, folders: Iterable[Mapping[str, Any]]) -> Iterator[Ailment]:
    for folder in folders:
        for what, option in (("space", ""), ("inodes", "--inodes ")):
            if folder[what] < _DEGRADED:
                yield Ailment(
                    host,
                    DISK,
                    State.UNHEALTHY if folder[what] < _UNHEALTHY else State.DEGRADED,
                    f"{folder['path']} {what}",
                    f"{int(folder[what])} % free",
                    f"must be {_DEGRADED} % or more",
                    f"see what takes them with du {option}-x {folder['path']} on {host}",
                )


def _units(host: str, units: Iterable[Mapping[str, str]]) -> Iterator[Ailment]:
    for unit in units:
        name = unit["name"]
        failed = unit["state"] == "failed"
        yield Ailment(
            host,
            SERVICES,
            State.UNHEALTHY,
            name,
            unit["state"],
            "must not have failed" if failed else "must be active",
            f"see journalctl -u {name} on {host}, and run systemctl restart {name} there",
        )
