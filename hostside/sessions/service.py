"""The running program: sockets, a look at the kernel's connections each second, the state over a restart."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import noticeboards, policy, sock_diag
from .configuration import Configuration, LogSettings, read
from .guesses import LOOK, REFUSE, Guesses
from .handed import handed_sockets, say, tell_systemd
from .known import KnownClients
from .log_files import LogFiles
from .logons import Enough, Logons, journal
from .protocol_log import ProtocolLog, key
from .sharing import Sharing
from .sock_diag import Connection
from .table import Session, Table
from .timeouts import Overdue, Watch

STEP = 1.0  # seconds between two looks
LONGEST_EVENT = 1 << 20  # bytes of one event


class Service:
    """All of the program's state."""

    def __init__(self, configuration: Path, state: Path) -> None:
        """``configuration`` is what the role writes; ``state`` is kept over restarts of the program."""
        self.configuration_file, self.state_file = configuration, state
        self.configuration: Configuration = read(configuration)
        self.table, self.watch, self.log = Table(), Watch(), ProtocolLog()
        self.logons = Logons()
        self.guesses = self._count_guesses()
        self.files: dict[LogSettings, LogFiles] = {}
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):  # nothing to take up
            self.table.load(json.loads(state.read_text(encoding="utf-8")))

    def _count_guesses(self) -> Guesses | None:
        guesses, sharing = self.configuration.guesses, self.configuration.sharing
        self.known = KnownClients(Path(guesses.known), time.time, say) if guesses else None
        self.sharing: Sharing | None = None
        if guesses is None or self.known is None:
            return None
        counted = Guesses(guesses.limits, self.known, sharing.front_ends if sharing else 1)
        if sharing:
            self.sharing = Sharing(self.known, lambda each: counted.elsewhere(each.mailbox, each.client, each.at))
        return counted

    # --- what others ask and tell -----------------------------------------------------------------------------------

    def answer(self, command: str, attributes: Mapping[str, Any]) -> tuple[int, str]:
        """What Dovecot is told about a password: before and after it looks at it, and when it tells how it went."""
        guesses, now = self.guesses, time.monotonic()
        mailbox, address = str(attributes["asked"]).lower(), str(attributes["remote_ip"])
        if command == policy.REPORT:
            # What was refused here was not looked at, and of what was right it is known already.
            if guesses and mailbox and attributes["success"] is False and attributes["policy_reject"] is False:
                if attributes["fail_type"] == policy.INTERNAL:
                    guesses.undecided(mailbox, address)
                else:
                    guesses.wrong(mailbox, address, now)
                    if self.sharing:
                        self.sharing.guessed(mailbox, address)
            return 0, ""
        if attributes["right"]:
            if guesses:
                guesses.right(mailbox, address)
            return (0, "") if self.decide(attributes) else (-1, policy.REFUSED)
        # Of a Kerberos ticket it is not known yet whose it is.
        status = guesses.judge(mailbox, address, now) if guesses and mailbox else LOOK
        if status != LOOK:
            done = "refused" if status == REFUSE else "slowed down"
            why = "after too many wrong passwords or with too many at once"
            say(f"{attributes['protocol']}: {mailbox}: {address} is {done}, {why}")
        return status, ""

    def decide(self, attributes: Mapping[str, Any]) -> bool:
        """Whether a sign-in with the right password may go on."""
        protocol = str(attributes["protocol"])
        settings = self.configuration.protocols.get(protocol)
        if settings is None:  # Postfix asks too; it has limits of its own
            return True
        user = str(attributes["login"]).lower()
        allowed = self.table.grant(key(attributes), user, protocol, settings.per_user, time.monotonic())
        if not allowed:
            say(f"{protocol}: {user}: refused, has {settings.per_user} connections")
        return allowed

    def hear(self, line: bytes) -> None:
        """Take in one of Dovecot's events."""
        try:
            event = json.loads(line)
            name, fields = str(event["event"]), event["fields"]
            which = key(fields)
        except (KeyError, TypeError, ValueError):
            return  # of a connection without ports: nothing here is about it
        if name == "proxy_session_established":
            session = Session(
                str(fields["user"]).lower(),
                str(fields["protocol"]),
                int(fields["source_port"]),
                int(fields["dest_port"]),
            )
            self.table.establish(which, session)
        elif name in {"proxy_session_finished", "login_aborted"}:
            self.table.finish(which)
        self.write_log(name, fields)

    def write_log(self, name: str, fields: Mapping[str, Any]) -> None:
        """Write an event into its protocol's log, if that is on."""
        protocol = str(
            fields.get("protocol") or fields.get("service") or ("pop3" if name.startswith("pop3") else "imap")
        )
        settings = self.configuration.protocols.get(protocol)
        if settings is None or settings.log is None:
            return
        files = self.files.setdefault(settings.log, LogFiles(settings.log))
        now = datetime.now(UTC)
        try:
            for line in self.log.lines(name, fields, now):
                files.write(line, now)
        except OSError as error:
            files.close()
            say(f"{settings.log.folder}: the protocol log can't be written: {error.strerror}")

    async def events(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear what Dovecot tells over one connection."""
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                self.hear(line)
        writer.close()

    async def questions(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what Dovecot asks over one connection."""
        await policy.serve(reader, writer, self.answer)

    # --- what it does by itself -------------------------------------------------------------------------------------

    def look(self) -> None:
        """End what is overdue, forget what is gone, store what changed."""
        limits = self.configuration.limits
        if not limits:  # a back end, where logs are all there is to do
            return
        connections = sock_diag.connections()
        for each in self.watch.overdue(connections, limits, self.table.sessions, time.monotonic()):
            self.end(each, connections)
        self.table.keep_only(each.key for each in connections)
        if self.table.changed:
            self.store()

    def end(self, overdue: Overdue, connections: list[Connection]) -> None:
        """End a connection: a signed-in one by its leg to the back end, so that Dovecot closes it in good order."""
        client = overdue.connection
        session = self.table.sessions.get(client.key)
        legs = [
            each
            for each in connections
            if session and (each.local_port, each.remote_port) == (session.back_port, session.back_end_port)
        ]
        kind = "signed in" if overdue.signed_in else "not signed in"
        say(f"ended {client.remote_address} at port {client.local_port}, {kind}, after {overdue.seconds:.0f} s")
        for each in legs or [client]:
            sock_diag.destroy(each)

    async def follow_logons(self) -> None:
        """End SMTP sessions that have had enough wrong passwords, as long as a connector has a limit of them."""
        while True:
            if any(each.logon_failures is not None for each in self.configuration.connectors):
                async with aclosing(journal()) as lines:
                    async for identifier, message in lines:
                        enough = self.logons.hear(identifier, message, self.configuration.connectors)
                        if enough:
                            self.end_logons(enough)
            await asyncio.sleep(STEP)  # none has a limit now, or journalctl has ended

    def end_logons(self, enough: Enough) -> None:
        """End the SMTP session in which passwords were guessed."""
        say(f"ended {enough.address}: too many wrong passwords in one session")
        for each in sock_diag.connections():
            client = (each.remote_address, each.remote_port) == (enough.address, enough.port)
            if client and each.local_port in enough.ports:
                sock_diag.destroy(each)

    def store(self) -> None:
        """Write the state, whole or not at all."""
        new = self.state_file.with_suffix(".new")
        new.write_text(json.dumps(self.table.dump()), encoding="utf-8")
        new.replace(self.state_file)
        self.table.changed = False

    def reload(self) -> bool:
        """Take in a new configuration; says whether it was made for other files of the program than these."""
        former = self.configuration
        self.configuration = read(self.configuration_file)
        if (self.configuration.guesses, self.configuration.sharing) != (former.guesses, former.sharing):
            if self.known:
                self.known.close()
            self.guesses = self._count_guesses()
        for files in self.files.values():
            files.close()
        self.files.clear()
        return self.configuration.program != former.program

    async def share(self) -> None:
        """Tell other front ends of guesses, and be told, as long as there are others."""
        settings, credentials = self.configuration.sharing, os.environ.get("CREDENTIALS_DIRECTORY")
        if settings and self.sharing and credentials:
            folder = Path(credentials)
            await noticeboards.keep_up(
                settings.boards, settings.port, lambda: noticeboards.tls(folder), self.sharing, say
            )

    async def run(self) -> bool:
        """Serve until a signal says otherwise; says whether the program is to be started anew."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        reload = asyncio.Event()
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        for each in handed_sockets():
            if each.family == socket.AF_UNIX:
                await asyncio.start_unix_server(self.events, sock=each, limit=LONGEST_EVENT)
            else:
                await asyncio.start_server(self.questions, sock=each)
        following = asyncio.create_task(self.follow_logons())
        shared, sharing = self.sharing, asyncio.create_task(self.share())
        try:
            while not stop.is_set():
                self.look()
                tell_systemd("READY=1")
                with suppress(TimeoutError):
                    await asyncio.wait_for(_any(stop, reload), STEP)
                if reload.is_set():
                    reload.clear()
                    tell_systemd(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
                    if self.reload():
                        return True
                    if self.sharing is not shared:
                        await _end(sharing)
                        shared, sharing = self.sharing, asyncio.create_task(self.share())
            return False
        finally:
            await _end(following)
            await _end(sharing)
            self.store()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _any(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def run(configuration: Path, state: Path) -> bool:
    """Run the program; says whether it is to be started anew."""
    return await Service(configuration, state).run()
