"""Measures a pair of its own and prints what it found: ``make bench``, or ``python -m bench``.

Nothing is judged here: figures depend on the machine and on what else it does.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import sys
import tempfile
from pathlib import Path

import argon2

from bench import discovery, idle, logins, rollout
from bench.checkout import Checkout, warm_cache
from bench.figures import Figure, as_json, table
from bench.logins import Account
from mailpair import passwords
from mailpair.plan import places
from mailpair.state import SiteState
from tests.e2e.support.lab import Lab

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
PUBLIC_NAME = "mail.contoso.test"


def main() -> int:
    """Runs the parts that are asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--cold", action="store_true", help="also start from an empty cache, which takes minutes")
    parser.add_argument("--rounds", type=int, default=200, help="logins of each kind (default: 200)")
    parser.add_argument("--messages", type=int, default=50, help="messages that IDLE announces (default: 50)")
    parser.add_argument("--requests", type=int, default=500, help="requests of each web client (default: 500)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    options = parser.parse_args()

    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mailpair-bench-") as name:
        if options.cold:
            figures += rollout.cold(Checkout(Path(name, "cold"), Path(name, "cache")))
        checkout = Checkout(Path(name, "warm"), warm_cache())
        try:
            figures += rollout.warm(checkout)
            figures += measure(checkout, options.rounds, options.messages, options.requests)
        finally:
            checkout.make("down")

    print(table(figures))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{os.cpu_count()} cores, load averages {load}")
    if options.json:
        options.json.write_text(json.dumps(as_json(figures), indent=2) + "\n")
    return 0


def measure(checkout: Checkout, rounds: int, messages: int, requests: int) -> list[Figure]:
    """Figures of clients at a pair that stands."""
    site_dir = checkout.folder / "inventories/lab"
    cheap = Account(BOB, make_cheap(SiteState(site_dir), BOB))
    discovery.turn_on(site_dir)
    checkout.activated(rollout.playbook(checkout.folder))
    lab = Lab(checkout.outputs(), site_dir)
    usual = Account(ADA, lab.password(ADA))
    # What back ends show is for their peers, by CAs that front ends know and no mail program does.
    peers = ssl.create_default_context(cadata=lab.front.run("cat /etc/mailpair/tls/peers.pem"))
    figures: list[Figure] = []
    for protocol, login, port, direct in (
        ("IMAP", logins.imap_login, 993, places.DIRECT_IMAP_PORT),
        ("POP3", logins.pop_login, 995, places.DIRECT_POP_PORT),
    ):
        front = logins.Door(lab.front.address, PUBLIC_NAME, port, lab.tls)
        back = logins.Door(lab.back.address, lab.back.fqdn, direct, peers)
        figures += logins.compare(protocol, login, logins.Pair(front, back, usual, cheap), rounds=rounds)
    with lab.names(PUBLIC_NAME):
        figures += idle.notices(lab, ADA, messages=messages)
    return [*figures, *discovery.figures(lab, ADA, requests=requests)]


def make_cheap(state: SiteState, address: str) -> str:
    """Gives a mailbox a password whose check costs next to nothing; returns it.

    Its hash is of the same kind, with the least work that the kind allows, so all else about a login stays the same.
    """
    password = passwords.generate()
    state.set_password(address, password)
    least = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    state.hash_file(address).write_text(least.hash(password) + "\n")
    return password


if __name__ == "__main__":
    sys.exit(main())
