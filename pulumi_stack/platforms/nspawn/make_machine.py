"""Makes, starts, stops and takes away machines."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from mailpair.state import SiteState
from pulumi_stack.errors import Problem, StackError, refuse
from pulumi_stack.platforms.nspawn import host, processes
from pulumi_stack.platforms.nspawn.machine import MachineSpec, RootFile, resolv_conf, sweep
from pulumi_stack.platforms.nspawn.make_network import forget
from pulumi_stack.platforms.nspawn.names import UNITS, MachineNames
from pulumi_stack.platforms.nspawn.owner import check_owner, is_others
from pulumi_stack.process import Runner

_PAUSE = 0.05  # seconds between two looks at a condition
_READY = 60.0  # seconds until SSH must answer
_STOPPED = 30.0  # seconds until a machine must have shut down
_BECOMING = 1.0  # seconds
_SSH = 22


@dataclass(frozen=True, slots=True)
class Made:
    """What only the making of a machine tells: which one it is, and the image that it came from."""

    instance: str
    image: str


class Maker:
    """Does everything that is done to one machine."""

    def __init__(self, spec: MachineSpec, site: SiteState, runner: Runner) -> None:
        """``site`` has the key that may log in, and gets the machine's host key."""
        self._spec, self._site, self._runner = spec, site, runner
        self._names = spec.names

    async def make(self, image: Path) -> Made:
        """Makes the machine from an image and starts it, or adopts what an interrupted run of the stack left.

        A root file system that was not finished is made anew; one that was is kept. Raises StackError where the
        machine's folder is not this stack's, or the machine does not start.
        """
        folder = self._names.folder
        mark = host.read_mark(folder)
        check_owner(folder, mark, self._spec.owner)
        if mark is None or not mark["complete"]:
            await stop(self._names, self._runner)
            await host.remove_marked(self._runner, folder)
            mark = await self._fill(image)
        return await self._bring_up(mark)

    async def update(self, *, restart: bool) -> Made:
        """Brings a machine that was made to what it should be now, started if it is not."""
        mark = host.read_mark(self._names.folder)
        if mark is None:
            raise refuse(
                str(self._names.folder), "missing", "the machine is gone", "run pulumi refresh, then pulumi up"
            )
        check_owner(self._names.folder, mark, self._spec.owner)
        if restart:
            await stop(self._names, self._runner)
        return await self._bring_up(mark)

    async def see(self) -> list[str] | None:
        """What is wrong with the machine: any of ``stopped``, ``detached``, ``key``, ``pin``; None if it is gone."""
        mark = host.read_mark(self._names.folder)
        if mark is None or not mark["complete"] or is_others(mark, self._spec.owner):
            return None
        wrong = []
        if not await self._running():
            wrong.append("stopped")
        elif await self._detached():
            wrong.append("detached")
        keys = self._names.root / "root/.ssh/authorized_keys"
        if not self._site.ssh_key.exists() or _text(keys) != self._site.ssh_public_key() + "\n":
            wrong.append("key")
        if any(self._site.pinned_keys(address) != (mark["host_key"],) for address in self._addresses()):
            wrong.append("pin")
        return wrong

    def seen(self) -> Made | None:
        """What is known of the making of the machine; None where it is gone."""
        mark = host.read_mark(self._names.folder)
        return None if mark is None else Made(mark["instance"], mark["image"])

    async def remove(self, in_the_way: Callable[[MachineNames], Problem | None]) -> None:
        """Shuts the machine down and takes away all that was made for it; what is another checkout's by now stays.

        ``in_the_way`` says why it must not go. It is asked before, and again once nothing can come any more: then the
        machine is started anew. Raises StackError with what it says.
        """
        mark = host.read_mark(self._names.folder)
        if mark is None or not is_others(mark, self._spec.owner):
            await _ask(in_the_way, self._names)
            await stop(self._names, self._runner)
            try:
                await _ask(in_the_way, self._names)
            except StackError:
                await self._start()
                raise
            await take_away(self._names, self._runner)
        await self.unpin(self._addresses())

    async def unpin(self, addresses: Iterable[str]) -> None:
        """Forgets the host keys that are pinned for addresses (a prefix's length is left out of account)."""
        if self._site.root.exists():
            for address in addresses:
                await asyncio.to_thread(self._site.pin_host, address.partition("/")[0], ())

    async def _fill(self, image: Path) -> dict[str, Any]:
        """Makes the root file system; returns the machine's mark."""
        instance = secrets.token_hex(16)
        private, public = _make_host_key()
        mark = {
            "stack": self._names.stack.stack,
            "owner": self._spec.owner,
            "instance": instance,
            "image": image.name,
            "host_key": public,
            "complete": False,
        }
        host.make_marked(self._names.folder, mark)
        await self._runner.check(
            ("cp", "--archive", "--reflink=auto", "--", str(image / "root"), str(self._names.root))
        )
        await self._write(self._spec.host_key_files(private, public, instance))
        mark["complete"] = True
        host.write_mark(self._names.folder, mark)
        return mark

    async def _bring_up(self, mark: dict[str, Any]) -> Made:
        """Writes what the machine should know, starts it if it does not run, and waits until SSH answers."""
        host.write_mark(self._names.folder, {**mark, "owner": self._spec.owner})
        key = await asyncio.to_thread(self._site.ssh_public_key)
        text = resolv_conf(_text(Path("/etc/resolv.conf")), _text(Path("/run/systemd/resolve/resolv.conf")))
        files = self._spec.files(authorized_key=key, resolv_conf=text)
        running = await self._running()
        await self._write([each for each in files if not (each.path in _SHARED and (running or self._has(each)))])
        for address in self._addresses():
            await asyncio.to_thread(self._site.pin_host, address, (mark["host_key"],))
        if not await self._running():
            await self._start()
        elif (port := await self._detached()) is not None:
            await self._runner.check(("ip", "link", "set", "dev", port, "master", self._spec.bridge))
        await self._wait_for_ssh()
        return Made(mark["instance"], mark["image"])

    async def _write(self, files: list[RootFile]) -> None:
        for each in files:
            host.write_inside(self._names.root, each.path, each.content, each.mode)

    def _has(self, file: RootFile) -> bool:
        """Whether a file begins as it should; what a playbook has added stays."""
        return _text(self._names.root / file.path).startswith(file.content)

    def _addresses(self) -> tuple[str, str]:
        return str(self._spec.address.ip), str(self._spec.address6.ip)

    async def _start(self) -> None:
        if host.has_systemd():
            await host.install_unit(self._runner, self._names.unit, self._spec.unit())
            await self._runner.check(("systemctl", "restart", self._names.unit))
            return
        # The machine must not hold our pipes, or we would wait for it to end.
        quiet = ("sh", "-c", 'log=$1; shift; exec "$@" < /dev/null > "$log" 2>&1', "sh", str(self._names.console))
        result = await self._runner.run((*quiet, *self._spec.start()), detaching=True)
        if result.code != 0:
            raise refuse(f"machine {self._names.name}", f"exit code {result.code}", "must start", result.tail(5))

    async def _running(self) -> bool:
        if host.has_systemd():
            result = await self._runner.run(("systemctl", "is-active", "--quiet", self._names.unit))
            return result.code == 0
        return bool(processes.find(self._names))

    async def _detached(self) -> str | None:
        """The machine's interface on the host if it does not hang on the bridge; None where all is well."""
        seen = await host.look(self._runner)
        wanted = f"vb-{self._names.machine}"
        for link in seen.links:
            if wanted in (link["ifname"], *link.get("altnames", ())):
                return None if link.get("master") == self._spec.bridge else str(link["ifname"])
        return None

    async def _wait_for_ssh(self) -> None:
        """Waits until the machine's SSH server greets; raises StackError where the machine ended or time is up."""
        address = str(self._spec.address.ip)
        deadline = asyncio.get_running_loop().time() + _READY
        while not await _greets(address):
            self._runner.check_cancelled()
            late = asyncio.get_running_loop().time() > deadline
            if late or await self._ended():
                raise refuse(
                    f"machine {self._names.name}",
                    "no answer" if late else "ended",
                    f"must answer SSH at {address} within {_READY:.0f} s",
                    await self._last_words(),
                )
            await asyncio.sleep(_PAUSE)

    async def _ended(self) -> bool:
        """Whether it has ended, and is not just becoming another program: then it has no command line for a moment."""
        if await self._running():
            return False
        await asyncio.sleep(_BECOMING)
        return not await self._running()

    async def _last_words(self) -> str:
        """What the console said last."""
        if host.has_systemd():
            result = await self._runner.run(("journalctl", "--no-pager", "--lines=20", f"--unit={self._names.unit}"))
            return result.output
        return "\n".join(_text(self._names.console).splitlines()[-20:])


# Playbooks add to these: they are written before a start alone, and only where names or addresses have changed.
_SHARED = frozenset({"etc/hosts"})


async def _ask(in_the_way: Callable[[MachineNames], Problem | None], names: MachineNames) -> None:
    if problem := await asyncio.to_thread(in_the_way, names):
        raise StackError([problem])


async def take_away(names: MachineNames, runner: Runner) -> None:
    """Shuts a machine down and removes all that is on the machine below for it, whatever there is."""
    await stop(names, runner)
    await host.remove_unit(runner, names.unit)
    await host.remove_marked(runner, names.folder)
    forget(names.folder.parent)
    forget(names.stack.state)


async def stop(names: MachineNames, runner: Runner) -> None:
    """Shuts a machine down; what does not end in time is ended."""
    if host.has_systemd():
        if (UNITS / names.unit).exists():
            await runner.check(("systemctl", "stop", names.unit))
        return
    for signum, seconds in ((signal.SIGTERM, _STOPPED), (signal.SIGKILL, _STOPPED)):
        for process in processes.find(names):
            with suppress(ProcessLookupError):
                os.kill(process, signum)
        deadline = asyncio.get_running_loop().time() + seconds
        while processes.find(names) and asyncio.get_running_loop().time() < deadline:
            runner.check_cancelled()
            await asyncio.sleep(_PAUSE)
    await runner.check(sweep(names))


async def _greets(address: str) -> bool:
    """Whether an SSH server answers at an address."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(address, _SSH)
            try:
                return (await reader.readline()).startswith(b"SSH-")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _make_host_key() -> tuple[str, str]:
    """A new SSH host key: its private half in OpenSSH's form, its public half as one line."""
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), public.decode()
