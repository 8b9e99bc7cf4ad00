"""One run: renew what is due, have services load it, look at their ports, and tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from . import due, loaded, openssl, pairs, probe, services
from .configuration import Authority, Certificate, Configuration
from .metrics import Findings
from .openssl import OpenSslError
from .pairs import CHAIN, KEY
from .sources import SOURCES, Source, SourceError

_DAY = 86400.0
WARNING, ERROR = 21 * _DAY, 7 * _DAY  # before the end of what is not renewed here

log = logging.getLogger("mailpair-renew")


@dataclass(frozen=True, slots=True)
class Issued:
    """Why certificates were renewed, and why others could not be, by name."""

    renewed: dict[str, str]
    failed: dict[str, str]


def due_now(configuration: Configuration, sources: Mapping[str, Source] = SOURCES) -> dict[str, str]:
    """Why certificates would be renewed, by name."""
    found = {}
    for each in configuration.certificates:
        reason = due.reason(each, time.time()) if each.source in sources else None
        if reason := reason or due.reason_to_stand_in(each, time.time()):
            found[each.name] = reason
    return found


def issue(
    configuration: Configuration, forced: Collection[str] = (), sources: Mapping[str, Source] = SOURCES
) -> Issued:
    """Renew what is due or forced, and load nothing."""
    issued = Issued({}, {})
    for each in configuration.certificates:
        own = due.stand_in(each)
        if own and (reason := due.reason_to_stand_in(each, time.time())):
            _try(configuration, own, reason, issued, SOURCES)
        reason = "it was asked for" if each.name in forced else due.reason(each, time.time())
        if reason and each.source in sources:
            _try(configuration, each, reason, issued, sources)
    return issued


def _try(
    configuration: Configuration, wanted: Certificate, reason: str, issued: Issued, sources: Mapping[str, Source]
) -> None:
    try:
        _renew(configuration, wanted, sources[wanted.source])
    except (SourceError, OpenSslError, OSError, ValueError) as error:
        issued.failed[wanted.name] = f"{reason}, and it could not be renewed: {error}"
    else:
        issued.renewed[wanted.name] = reason
        log.info("%s: renewed: %s", wanted.name, reason)


def load(configuration: Configuration, names: Iterable[str]) -> dict[str, str]:
    """Have services load what was renewed, and look at their ports; what is wrong, by service or name."""
    wanted = set(names)
    wrong = _load(configuration, wanted)
    return wrong | probe.disagreeing(
        each for each in configuration.certificates if each.name in wanted and services.running(each)
    )


def everything(configuration: Configuration, forced: Collection[str] = ()) -> Findings:
    """Renew, load, look; what was found."""
    issued = issue(configuration, forced)
    found = Findings(problems=dict(issued.failed))
    unseen = loaded.waiting(configuration) - issued.renewed.keys()
    if unseen:
        log.info("%s: loaded again", ", ".join(sorted(unseen)))
    found.problems.update(_load(configuration, issued.renewed.keys() | unseen))
    served = [each for each in configuration.certificates if services.running(each) and each.certificate.exists()]
    wrong = probe.disagreeing(served)
    stale = {each.name for each in served} & wrong.keys() - issued.renewed.keys()
    if stale:  # of a run that ended between the disk and the services
        log.info("%s: loaded again", ", ".join(sorted(stale)))
        found.problems.update(services.load(configuration, _services(configuration, stale)))
        wrong = probe.disagreeing(served)
    found.problems.update(wrong)
    found.agree = {each.name: each.name not in wrong for each in served if each.probes}
    watched: list[Certificate | Authority] = [*configuration.certificates, *configuration.authorities]
    for each in watched:
        _watch(each, found)
    return found


def _load(configuration: Configuration, names: Collection[str]) -> dict[str, str]:
    """Have services load certificates; what went wrong, by service, or by name where it could not be noted."""
    return services.load(configuration, _services(configuration, names)) or loaded.note(configuration, names)


def _renew(configuration: Configuration, wanted: Certificate, source: Source) -> None:
    with pairs.staging(configuration.directory) as folder:
        source(wanted, folder)
        wrong = due.reason(wanted, time.time(), chain=folder / CHAIN, key=folder / KEY)
        if wrong:
            raise SourceError(f"what came is not what was asked for: {wrong}")
        leaf = openssl.certificates((folder / CHAIN).read_text(encoding="utf-8"))[0]
        pairs.put(wanted.certificate, wanted.key, folder, openssl.fingerprint(leaf))


def _services(configuration: Configuration, names: Iterable[str]) -> list[str]:
    """The services that load some certificates, in the order that they are reloaded in."""
    chosen = {service for each in configuration.certificates if each.name in set(names) for service in each.services}
    return [service for service in configuration.reloads if service in chosen]


def _watch(each: Certificate | Authority, found: Findings) -> None:
    """Note how long something is valid, and complain where nobody else does in time."""
    now = time.time()
    try:
        facts = openssl.facts(openssl.certificates(each.certificate.read_text(encoding="utf-8"))[0])
    except (OSError, OpenSslError, ValueError, IndexError, KeyError) as error:
        found.problems.setdefault(each.name, f"{each.certificate} can't be read: {error}")
        return
    left = found.left[each.name] = facts.end - now
    if isinstance(each, Certificate) and each.source in SOURCES:
        return
    remedy = "run the playbook" if isinstance(each, Authority) else "bring another one"
    if left < ERROR:
        found.problems.setdefault(each.name, f"it ends in {left / _DAY:.0f} days; {remedy}")
    elif left < WARNING:
        log.warning("%s: it ends in %.0f days; %s", each.name, left / _DAY, remedy)
