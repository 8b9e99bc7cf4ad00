"""``mailpair-renew [--force NAME]...`` renews what is due; the playbook has other steps done, and is told in JSON.

Everything that changes is done by one run at a time.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import configuration, enrol, metrics, renew
from .configuration import Configuration
from .openssl import OpenSslError
from .sources import SOURCES, Source

CONFIGURATION = Path("/etc/mailpair/renewal.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 where everything is in order."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    parsed = _parser().parse_args(arguments)
    known = configuration.read(parsed.configuration)
    if unknown := set(parsed.force) - {each.name for each in known.certificates}:
        names = ", ".join(each.name for each in known.certificates)
        sys.stderr.write(f"{', '.join(sorted(unknown))}: there is no such certificate; there are {names}\n")
        return 2
    if parsed.step == "check":
        return 0
    with _alone(known.lock):
        return _renew(known, parsed.force) if parsed.step == "renew" else _step(known, parsed.step, parsed.pretend)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mailpair-renew", description=__doc__)
    steps = ("renew", "issue", "fetch", "enrol", "install", "trust", "check")
    parser.add_argument("step", nargs="?", choices=steps, default="renew", help="all but renew are the playbook's")
    parser.add_argument("--force", metavar="NAME", action="append", default=[], help="renew this one, due or not")
    parser.add_argument("--pretend", action="store_true", help="only say what would be done")
    parser.add_argument("--configuration", type=Path, default=CONFIGURATION, metavar="FILE")
    return parser


def _renew(known: Configuration, forced: Sequence[str]) -> int:
    found = renew.everything(known, forced)
    metrics.write(known.metrics, found, time.time())
    for name, problem in sorted(found.problems.items()):
        renew.log.error("%s: %s", name, problem)
    return 1 if found.problems else 0


def _step(known: Configuration, step: str, pretend: bool) -> int:
    if step in {"issue", "fetch"}:
        sources = _sources(step)
        issued = renew.issue(known, sources=sources) if not pretend else renew.Issued(renew.due_now(known, sources), {})
        said = {"changed": bool(issued.renewed), "reasons": issued.renewed, "problems": issued.failed}
        if step == "fetch" and issued.renewed and not pretend:
            said["problems"] = issued.failed | renew.load(known, issued.renewed)
    else:
        told = json.load(sys.stdin)
        if step == "enrol":
            said = enrol.enrol(known, told, pretend=pretend)
            said |= _to_come(known, told["trust"]) if not said["changed"] else {"settled": False}
        elif step == "trust":
            said = enrol.trust(known, told, pretend=pretend)
        else:
            said = enrol.install(known, told)
    json.dump(said, sys.stdout)
    return 0


def _sources(step: str) -> dict[str, Source]:
    """CAs of others are asked when everything runs that they may come to."""
    return {name: source for name, source in SOURCES.items() if (name == "acme") is (step == "fetch")}


def _to_come(known: Configuration, told: Mapping[str, Any]) -> dict[str, bool]:
    """Whether the steps ``trust`` and ``issue`` would find nothing to do; what can't be seen is left to them."""
    try:
        trusted = enrol.trust(known, told, pretend=True)
        settled = not trusted["changed"] and not renew.due_now(known, _sources("issue"))
    except (OpenSslError, OSError, ValueError, IndexError, KeyError):
        return {"settled": False}
    return {"settled": settled, "more": trusted["more"]}


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
