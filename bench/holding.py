"""Many sessions at once that wait for news: what memory each takes, and whether all of them still answer at the end."""

from __future__ import annotations

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import argon2
import yaml

from bench.doors import Account, Door, ImapSession, SmtpSession
from bench.figures import Figure, spread
from mailpair import passwords, private_files
from mailpair.state import SiteState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.e2e.support.lab import Host, Lab

EACH = 10  # sessions of one mailbox; 16 may be open by default
AT_ONCE = 8  # sign-ins, or senders, side by side
SUBMISSION = 587
SPARE_FILES = 512


def accounts(site_dir: Path, sessions: int) -> list[Account]:
    """Writes as many mailboxes as the sessions need into the site's document, and their hashes; they share a password.

    The hashes are of the usual kind with the least work that the kind allows, since here it is not sign-ins that are
    measured. The next run of the playbook brings them to the servers.
    """
    state, file = SiteState(site_dir), site_dir / "mailboxes.yml"
    document = yaml.safe_load(file.read_text())
    password = passwords.generate()
    phc = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    made = [f"holding{number:04}@contoso.test" for number in range(-(-sessions // EACH) or 1)]
    state.set_password(made[0], password)  # makes the folders, too
    for address in made:
        document["mailpair_mailboxes"][address] = {"server": "back1"}
        private_files.write(state.hash_file(address), phc + "\n")
    file.write_text(yaml.safe_dump(document))
    return [Account(address, password) for address in made]


def figures(lab: Lab, door: Door, people: Sequence[Account], *, sessions: int) -> list[Figure]:
    """Opens so many sessions, EACH for an account, and holds them all; then each is asked for a sign of life."""
    since = {host.name: host.run("date +%s").strip() for host in lab.hosts}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, sessions + SPARE_FILES)), hard))
    with ImapSession(door, people[0]):  # what the first session alone starts is not counted
        before = {host.name: memory(host) for host in lab.hosts}
    start = time.perf_counter()
    held: list[ImapSession] = []
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            opening = [pool.submit(_waiting, door, people[number // EACH]) for number in range(sessions)]
            refused = [error for each in opening if (error := each.exception())]
            held = [each.result() for each in opening if not each.exception()]
        opened = time.perf_counter() - start
        after = {host.name: memory(host) for host in lab.hosts}
        heard, told = _news(door, people, held)
        lost, answers = 0, []
        for session in held:
            try:
                session.end_idle()
                answers.append(session.timed("NOOP"))
            except (OSError, RuntimeError):
                lost += 1
    finally:
        for session in held:
            session.close()
    said = {host.name: complaints(host, since[host.name]) for host in lab.hosts}
    why = f"first: {refused[0]}" if refused else ""
    grown = {name: (after[name] - before[name]) / max(1, len(held)) for name in before}
    return [
        Figure("sessions held at once", len(held), "count", f"of {sessions}; {why}".rstrip("; ")),
        Figure("sessions that gave no answer at the end", lost, "count", "NOOP"),
        *(
            Figure(f"complaints of {name} meanwhile", len(lines), "count", lines[0][:100] if lines else "")
            for name, lines in said.items()
        ),
        Figure("sign-ins while they were opened", len(held) / opened, "a second", f"{AT_ONCE} at a time, least hash"),
        Figure("sessions that heard of a message to all", heard, "count", f"of {len(held)}"),
        Figure("a message to all, until the last of them heard", told, "s", f"{AT_ONCE} senders"),
        *spread("NOOP among them", answers),
        *(Figure(f"memory of an idle session, {name}", each, "kB", "PSS") for name, each in grown.items()),
    ]


def _news(door: Door, people: Sequence[Account], held: Sequence[ImapSession]) -> tuple[int, float]:
    """How many sessions hear of a message to each mailbox, and seconds until the last of them has."""
    submission = replace(door, port=SUBMISSION)

    def send(recipients: Sequence[Account]) -> None:
        with SmtpSession(submission, people[0]) as session:
            for each in recipients:
                session.send(each.address, b"Subject: to all\r\n\r\nGood morning.\r\n")

    heard, start = 0, time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sending = [pool.submit(send, people[first::AT_ONCE]) for first in range(AT_ONCE)]
        for session in held:
            with suppress(OSError, RuntimeError):
                session.hear_news()
                heard += 1
        told = time.perf_counter() - start
        for each in sending:
            each.result()
    return heard, told


def _waiting(door: Door, account: Account) -> ImapSession:
    session = ImapSession(door, account)
    try:
        session.begin_idle()
    except BaseException:
        session.close()
        raise
    return session


def complaints(host: Host, since: str) -> list[str]:
    """What Dovecot and HAProxy have warned of since a time, in seconds since 1970."""
    command = f"journalctl --quiet --output cat --priority warning --since @{since} --unit dovecot --unit haproxy"
    return host.run(command).splitlines()


def memory(host: Host) -> int:
    """Kilobytes that all processes of a host take, what they share counted once (PSS)."""
    return proportional(host.run("cat /proc/[0-9]*/smaps_rollup 2>/dev/null || :"))


def proportional(rollups: str) -> int:
    """The sum of the lines ``Pss:`` of any number of files smaps_rollup, in kilobytes (proc_pid_smaps(5))."""
    return sum(int(line.split()[1]) for line in rollups.splitlines() if line.startswith("Pss:"))
