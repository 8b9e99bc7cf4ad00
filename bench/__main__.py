"""Measures a pair of its own and prints what it found: ``make bench``, or ``python -m bench``.

Nothing is judged here: figures depend on the machine and on what else it does, which is printed with them. What is
compared takes turns, so ratios of one run can be read on a busy machine too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from bench import machine, pair, rollout
from bench.checkout import Checkout, warm_cache
from bench.figures import Figure, as_json, table
from tests.e2e.support.lab import Lab

HELP = {
    "rounds": "logins of each kind",
    "messages": "messages that IDLE announces",
    "requests": "requests of each web client",
    "bursts": "bursts of NOOP each way",
    "fetches": "times that the large message is fetched each way",
    "large": "bytes of the large message",
    "sessions": "sessions held at once",
    "turns": "turns of submissions each way",
    "submissions": "messages of each turn",
    "arrivals": "messages that are waited for until they can be read, each way",
    "mailboxes": "mailboxes of a large directory",
}


def main() -> int:
    """Runs the parts that are asked for; returns the exit code."""
    options = arguments().parse_args()
    sizes = pair.Sizes(**{each.name: getattr(options, each.name) for each in fields(pair.Sizes)})
    before = machine.look()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mailpair-bench-") as name:
        if options.cold:
            found += rollout.cold(Checkout(Path(name, "cold"), Path(name, "cache")))
        if "growing" in options.parts and not options.keep:  # a pair that is kept has the name and the network
            found += rollout.growing(Checkout(Path(name, "growing"), warm_cache()), options.servers)
        if set(options.parts) != {"growing"}:
            found += of_a_pair(Checkout(options.keep or Path(name, "warm"), warm_cache()), options, sizes)
    found += machine.figures(before, machine.look())
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(as_json(found), indent=2) + "\n")
    return 0


def arguments() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also start from an empty cache, which takes minutes")
    parts = ["growing", "rollout", *pair.PARTS]
    parser.add_argument(
        "--parts", nargs="+", choices=parts, default=parts, metavar="PART", help=f"of {', '.join(parts)} (default: all)"
    )
    for each in fields(pair.Sizes):
        text = f"{HELP[each.name]} (default: {each.default})"
        parser.add_argument(f"--{each.name}", type=int, default=each.default, help=text)
    parser.add_argument(
        "--servers",
        type=int,
        nargs="+",
        default=[2, 6],
        metavar="NUMBER",
        help="how many servers the stacks of the part growing have (default: 2 6; 12 takes long)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="leave the pair up, and take it up again from there; leaves out the part growing",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    return parser


def of_a_pair(checkout: Checkout, options: argparse.Namespace, sizes: pair.Sizes) -> list[Figure]:
    """Figures of one pair, which is taken away at the end unless it is to be kept."""
    found: list[Figure] = []
    try:
        if "rollout" in options.parts:
            found += rollout.warm(checkout)
        else:
            checkout.make("build-engine")
            checkout.make("up", configure=False)
        found += measure(checkout, [each for each in pair.PARTS if each in options.parts], sizes)
    finally:
        if not options.keep:
            checkout.make("down")
    return found


def measure(checkout: Checkout, parts: list[str], sizes: pair.Sizes) -> list[Figure]:
    """Figures of clients at a pair that stands."""
    if not parts:
        return []
    site_dir = checkout.folder / "inventories/lab"
    people = pair.prepare(site_dir, sizes)
    checkout.activated(rollout.playbook(checkout.folder))

    def playbook(name: str, heard: Callable[[str], object] = str) -> str:
        return checkout.printed(rollout.playbook(checkout.folder, name), heard)

    measured = pair.Pair(Lab(checkout.outputs(), site_dir), people, playbook)
    return [figure for part in parts for figure in pair.PARTS[part](measured, sizes)]


if __name__ == "__main__":
    sys.exit(main())
