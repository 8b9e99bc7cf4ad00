"""The machine below: whether systemd runs it, what its network has, and the marks that say what a stack made."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from pulumi_stack.platforms.nspawn.names import UNITS
from pulumi_stack.platforms.nspawn.network import Seen
from pulumi_stack.process import Runner

_LOCK_PAUSE = 0.1  # seconds


def has_systemd() -> bool:
    """Whether systemd is PID 1 of this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


async def look(runner: Runner) -> Seen:
    """What the network of this machine has now."""
    links, routes, tables, chains = await asyncio.gather(
        runner.check(("ip", "-j", "address", "show")),
        runner.check(("ip", "-j", "-4", "route", "show", "table", "all")),
        runner.check(("nft", "-j", "list", "tables", "ip")),
        runner.check(("nft", "-j", "list", "chains")),
    )
    return Seen(
        links=tuple(json.loads(links or "[]")),
        routes=tuple(json.loads(routes or "[]")),
        tables=frozenset(each["table"]["name"] for each in json.loads(tables)["nftables"] if "table" in each),
        dropping=tuple(
            f"{chain['family']} {chain['table']} {chain['name']}"
            for chain in (each["chain"] for each in json.loads(chains)["nftables"] if "chain" in each)
            if chain.get("hook") == "forward" and chain.get("policy") == "drop" and chain["family"] in ("ip", "inet")
        ),
    )


async def install_unit(runner: Runner, name: str, text: str) -> None:
    """Writes a unit of systemd and has it started at boot."""
    write(UNITS / name, text)
    await runner.check(("systemctl", "daemon-reload"))
    await runner.check(("systemctl", "--quiet", "enable", name))


async def remove_unit(runner: Runner, name: str) -> None:
    """Stops a unit and takes it away; it may be gone already."""
    if not (UNITS / name).exists():
        return
    await runner.check(("systemctl", "--quiet", "disable", "--now", name))
    (UNITS / name).unlink(missing_ok=True)
    await runner.check(("systemctl", "daemon-reload"))
    await runner.run(("systemctl", "--quiet", "reset-failed", name))  # fails where there was nothing to forget


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Puts a file in place in one step, its folders too."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    draft.replace(path)


def write_inside(root: Path, path: str, text: str, mode: int) -> None:
    """Puts a file in place below a root file system, its folders too, and never leaves that root.

    A machine's own administrator may have put links there that point into the machine below: a folder that is a link
    raises OSError, a file that is one is replaced.
    """
    *folders, name = Path(path).parts
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for each in folders:
            with suppress(FileExistsError):
                os.mkdir(each, 0o700 if each == ".ssh" else 0o755, dir_fd=folder)
            inner = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        draft = f".{name}.new"
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode, dir_fd=folder)
        with open(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)
            file.write(text)
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        os.close(folder)


def read_mark(folder: Path) -> dict[str, Any] | None:
    """What a stack wrote into a folder that it made; None where there is no such folder or no mark in it."""
    try:
        mark: dict[str, Any] = json.loads((folder / "mark.json").read_text())
    except FileNotFoundError:
        return None
    return mark


def write_mark(folder: Path, mark: dict[str, Any]) -> None:
    """Marks a folder as made by a stack."""
    write(folder / "mark.json", json.dumps(mark, indent=2) + "\n", 0o600)


def make_marked(folder: Path, mark: dict[str, Any]) -> None:
    """Makes a folder that has its mark from the first moment on, so that an interruption leaves none without."""
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.new")
    draft.mkdir(mode=0o700, exist_ok=True)
    write_mark(draft, mark)
    draft.rename(folder)


async def remove_marked(runner: Runner, folder: Path) -> None:
    """Deletes a folder that has a mark; an interruption leaves it whole, or as rubbish that the next call removes."""
    old, draft = folder.with_name(f".{folder.name}.old"), folder.with_name(f".{folder.name}.new")
    await remove_tree(runner, old, draft)
    if folder.exists():
        folder.rename(old)
        await remove_tree(runner, old)


async def remove_tree(runner: Runner, *folders: Path) -> None:
    """Deletes folders with all that is in them, but not what may be mounted there."""
    await runner.check(("rm", "-rf", "--one-file-system", "--", *map(str, folders)))


@asynccontextmanager
async def locked(path: Path, runner: Runner) -> AsyncIterator[None]:
    """Keeps other processes and tasks out that lock the same file, without stalling anybody while it waits."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                runner.check_cancelled()
                await asyncio.sleep(_LOCK_PAUSE)
            else:
                break
        yield
