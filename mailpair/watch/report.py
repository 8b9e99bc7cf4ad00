"""One report about the certificates of all hosts, as a table and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailpair.plan import places
from mailpair.site.problems import Problem
from mailpair.watch import rules
from mailpair.watch.facts import Facts, facts
from mailpair.watch.rules import Finding, Level

_UNITS = {"SMTP": "postfix", "IIS": "nginx"}  # what serves a port; haproxy those of back ends, Dovecot all others
_SITE = "run playbooks/site.yml"
CONTROLLER = "controller"  # where the site's root is
SILENT = "must show a certificate"  # the rule for a port that shows none


@dataclass(frozen=True, slots=True)
class Host:
    """What the module certificates_seen told of a host; ``seen`` is None for one that could not be asked."""

    name: str
    seen: Mapping[str, Any] | None
    asked: datetime | None = None  # by the controller's clock


@dataclass(frozen=True, slots=True)
class Row:
    """A certificate at a place: in a file, or at a port."""

    host: str
    service: str
    place: str
    asked_for: str
    file: str
    source: str
    facts: Facts | None
    agrees: bool | None  # whether the port shows what the file holds; None: there is nothing to compare

    def days(self, now: datetime) -> int | None:
        """Whole days that it is still valid; below zero once it is not."""
        return (self.facts.not_after - now).days if self.facts else None


@dataclass(frozen=True, slots=True)
class Report:
    """All that was seen, and what is to be said of it."""

    now: datetime
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What fails the playbook."""
        return tuple(each for each in self.findings if each.level is Level.ERROR)

    def table(self) -> list[str]:
        """Lines for a person: a table, then what is wrong."""
        lines: list[tuple[str, ...]] = [
            ("Host", "Where", "Asked for", "Until", "Days", "Key", "Serial", "File", "Issuer", "Names")
        ]
        lines += [self._line(row) for row in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return [*(line.rstrip() for line in shown), *(str(finding) for finding in self.findings)]

    def _line(self, row: Row) -> tuple[str, ...]:
        place = f"{row.service} {row.place}"
        same = {None: "-", True: "same", False: "OTHER"}[row.agrees]
        what, days = row.facts, row.days(self.now)
        if what is None:
            return row.host, place, row.asked_for or "-", "-", "-", "-", "-", same, "-", "-"
        until, serial = f"{what.not_after:%Y-%m-%d}", what.serial[:12]
        names = ", ".join(what.names)
        return row.host, place, row.asked_for or "-", until, str(days), what.key, serial, same, what.issuer, names

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "at": self.now.isoformat(timespec="seconds"),
            "certificates": [self._data(row) for row in self.rows],
            "problems": [
                {
                    "level": each.level.value,
                    "place": each.problem.path,
                    "value": each.problem.value,
                    "rule": each.problem.rule,
                    "remedy": each.problem.remedy,
                }
                for each in self.findings
            ],
        }

    def _data(self, row: Row) -> dict[str, Any]:
        what = row.facts
        return {
            "host": row.host,
            "service": row.service,
            "place": row.place,
            "asked_for": row.asked_for,
            "file": row.file,
            "source": row.source,
            "names": list(what.names) if what else [],
            "issuer": what.issuer if what else None,
            "serial": what.serial if what else None,
            "not_before": what.not_before.isoformat() if what else None,
            "not_after": what.not_after.isoformat() if what else None,
            "days_left": row.days(self.now),
            "key": what.key if what else None,
            "agrees": row.agrees,
        }


def report(hosts: Iterable[Host], root_pem: str | None, now: datetime) -> Report:
    """Make the report; ``root_pem`` is the certificate of the site's CA on the controller, None before there is one."""
    rows: list[Row] = []
    findings: list[Finding] = []
    if root_pem is not None:
        root = facts(root_pem)
        rows.append(Row(CONTROLLER, "CA", "root", "", "", "private", root, None))
        findings += _each(rules.expiry(f"{CONTROLLER} CA root", root, "private", now))
    for host in hosts:
        if host.seen is None:
            problem = Problem(host.name, "no answer", "must tell its certificates", "see above why it did not")
            findings.append(Finding(Level.ERROR, problem))
            continue
        for row, found in _host(host, host.seen, now):
            rows += [row] if row else []
            findings += found
    return Report(now, tuple(rows), tuple(dict.fromkeys(findings)))


def _host(host: Host, seen: Mapping[str, Any], now: datetime) -> Iterator[tuple[Row | None, list[Finding]]]:
    clock = datetime.fromtimestamp(seen["clock"], tz=now.tzinfo)
    yield None, _each(rules.clocks(host.name, clock, host.asked or now))
    kept: dict[str, tuple[Facts, ...]] = {}
    sources: dict[str, str] = {}
    for file in seen["files"]:
        path = file["path"]
        place = f"{host.name} {path}"
        found, reason = _read(file)
        kept[path], sources[path] = found, file["source"]
        if reason:
            yield (
                Row(host.name, "file", path, "", path, file["source"], None, None),
                [_bad(place, reason, "must hold a certificate", _SITE)],
            )
        for each in found:
            judged = _each(rules.expiry(place, each, file["source"], now), rules.begun(place, each, clock))
            yield Row(host.name, "file", path, "", path, file["source"], each, None), judged
    for port in seen["ports"]:
        yield _port(host.name, port, kept, sources)


def _port(
    host: str, port: Mapping[str, Any], kept: Mapping[str, Sequence[Facts]], sources: Mapping[str, str]
) -> tuple[Row, list[Finding]]:
    address = f"[{port['address']}]" if ":" in port["address"] else port["address"]
    where = f"{address}:{port['port']}"
    place = " ".join(each for each in (host, port["service"], where, port["name"]) if each)
    path = port["file"]
    unit = "haproxy" if path == places.PEER_CERTIFICATE else _UNITS.get(port["service"], "dovecot")
    source = sources.get(path, "")
    shown, reason = _read(port)
    if reason:
        remedy = f"see systemctl status {unit} on {host}"
        row = Row(host, port["service"], where, port["name"], path, source, None, None)
        return row, [_bad(place, reason, SILENT, remedy)]
    files = kept.get(path, ())
    differs = rules.agreement(place, files, shown, path, unit) if files else None
    row = Row(host, port["service"], where, port["name"], path, source, shown[0], not differs if files else None)
    return row, _each(differs, rules.name(place, shown[0], port["name"]))


def _read(entry: Mapping[str, Any]) -> tuple[tuple[Facts, ...], str]:
    """The certificates of a file or a port, or why there are none."""
    if entry["reason"]:
        return (), str(entry["reason"])
    try:
        return tuple(facts(pem) for pem in entry["pem"]), ""
    except ValueError:
        return (), "what is there can't be read"


def _each(*found: Finding | None) -> list[Finding]:
    return [each for each in found if each is not None]


def _bad(place: str, value: str, rule: str, remedy: str) -> Finding:
    return Finding(Level.ERROR, Problem(place, value, rule, remedy))
