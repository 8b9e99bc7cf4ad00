"""A front end goes away under many sessions, and all of their programs come back at once: everybody gets in.

``MAILPAIR_CLIENTS`` is how many; ``make test-faults`` has 1,000. They come from one address, as an office's do.
"""

from __future__ import annotations

import asyncio
import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from mailpair import passwords, private_files
from mailpair.state import SiteState
from tests.e2e.support import clients
from tests.e2e.support.wait import STEP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

CLIENTS = int(os.environ.get("MAILPAIR_CLIENTS", "200"))
EACH = 10  # sessions of one mailbox; 16 may be open by default
AT_ONCE = 16  # sign-ins side by side in the morning, when people come one after the other
PATIENCE = 600.0  # seconds for all; no figure is measured by it

Session = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Office:
    """Mail programs of one office."""

    lab: Lab
    users: Sequence[str]
    password: str

    async def sign_in(self, number: int, fronts: Sequence[Host]) -> Session:
        """A session of a program, at the first front end that has one; it tries until there is one."""
        while True:
            for front in fronts:
                with suppress(OSError, asyncio.IncompleteReadError):
                    if session := await self._at(front, self.users[number // EACH]):
                        return session
            await asyncio.sleep(STEP)  # as programs wait between two rounds

    async def _at(self, front: Host, user: str) -> Session | None:
        connecting = asyncio.open_connection(
            front.address, 993, ssl=self.lab.tls, server_hostname=clients.PUBLIC_NAME, ssl_handshake_timeout=PATIENCE
        )
        session = await connecting
        said = ""
        try:
            await session[0].readuntil(b"\r\n")
            said = await command(session, f'LOGIN "{user}" "{self.password}"')
        finally:
            if not said.startswith("OK"):
                await close(session)
        if said.startswith("OK"):
            return session
        # Anything else would make a program ask for another password.
        assert "[UNAVAILABLE]" in said, f"{user}: {said}"
        return None

    async def all_sign_in(self, fronts: Sequence[Host], at_once: int = CLIENTS) -> list[Session]:
        """So many at a time."""
        turn = asyncio.Semaphore(at_once)

        async def one(number: int) -> Session:
            async with turn:
                return await self.sign_in(number, fronts)

        async with asyncio.timeout(PATIENCE):
            return list(await asyncio.gather(*map(one, range(CLIENTS))))


async def command(session: Session, text: str) -> str:
    """What comes behind the tag of a command's answer."""
    session[1].write(f"a {text}\r\n".encode())
    while True:
        line = (await session[0].readuntil(b"\r\n")).decode()
        if line.startswith("a "):
            return line.removeprefix("a ").strip()


async def gone(session: Session) -> None:
    """The session's end, whatever was still to be read."""
    with suppress(OSError):
        while await session[0].read(4096):
            pass
    await close(session)


async def close(session: Session) -> None:
    """Lets go of a session, however it ends."""
    session[1].close()
    with suppress(OSError):
        await session[1].wait_closed()


@pytest.fixture(scope="module")
def office(lab: Lab, stack: Stack) -> Iterator[Office]:
    """Mailboxes on both back ends, all with one password and a hash of the usual cost."""
    stack.settle()
    users = [f"office{number}@contoso.test" for number in range(-(-CLIENTS // EACH))]
    password = passwords.generate()
    state = SiteState(stack.site_dir)
    state.set_password(users[0], password)
    for user in users[1:]:
        private_files.write(state.hash_file(user), state.hash_file(users[0]).read_text())
    places = {user: {"server": f"back{1 + number % 2}"} for number, user in enumerate(users)}
    stack.edit({"mailpair_mailboxes": places}, "mailboxes.yml")
    stack.playbook(stack.plain_inventory(), name="mailboxes.yml")
    for front in lab.fronts:  # as if the office had never been there, and nobody had guessed
        stopped = "systemctl stop mailpair-sessions"
        front.run(f"{stopped}; rm -f /var/lib/mailpair-sessions/*; systemctl start mailpair-sessions")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * CLIENTS)), hard))
    yield Office(lab, users, password)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    stack.restore()
    stack.playbook(stack.plain_inventory(), name="mailboxes.yml")


@pytest.mark.parametrize("fault", ["away", "restarted"])
def test_all_who_come_back_at_once_get_in(office: Office, fault: str) -> None:
    """Nobody has ever signed in at the other front end, so nobody is known there."""
    first, second = office.lab.fronts
    before, after = {"away": (first, [first, second]), "restarted": (second, [second])}[fault]

    async def scenario() -> list[str]:
        held = await office.all_sign_in([before], AT_ONCE)
        stop = "stop" if fault == "away" else "restart"
        await asyncio.to_thread(before.run, f"systemctl {stop} dovecot")
        await asyncio.gather(*map(gone, held))
        back = await office.all_sign_in(after)
        answers = await asyncio.gather(*(command(session, "NOOP") for session in back))
        await asyncio.gather(*map(close, back))
        return answers

    try:
        answers = asyncio.run(scenario())
    finally:
        before.run("systemctl start dovecot")
    assert len(answers) == CLIENTS
    assert {answer.split()[0] for answer in answers} == {"OK"}
