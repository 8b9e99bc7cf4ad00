"""Finds the process of a machine on a host without systemd; its command line says whose it is."""

from __future__ import annotations

from pathlib import Path

from pulumi_stack.platforms.nspawn.names import MachineNames

PROC = Path("/proc")


def find(names: MachineNames, proc: Path = PROC) -> list[int]:
    """The processes that run a machine, or are about to: systemd-nspawn, and the shell that starts it.

    Containers have machines of their own, whose processes we see as well; they may well have the same names.
    """
    ours = _namespace(proc / "self")
    wanted = {"systemd-nspawn", f"--machine={names.machine}", f"--directory={names.root}"}
    return sorted(
        int(each.name)
        for each in proc.iterdir()
        if each.name.isdigit() and wanted <= _arguments(each) and _namespace(each) == ours
    )


def _arguments(process: Path) -> set[str]:
    try:
        return set((process / "cmdline").read_text(errors="replace").split("\0"))
    except OSError:
        return set()  # it ended meanwhile


def _namespace(process: Path) -> str:
    try:
        return str((process / "ns" / "pid").readlink())
    except OSError:
        return ""  # it ended meanwhile
