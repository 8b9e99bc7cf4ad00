"""Finds the process of a machine on a host without systemd; its command line says whose it is."""

from __future__ import annotations

from pathlib import Path

from pulumi_stack.platforms.nspawn.names import MachineNames

PROC = Path("/proc")


def find(names: MachineNames, proc: Path = PROC) -> list[int]:
    """The processes of systemd-nspawn that run a machine (one, or none), by its name and root."""
    wanted = {f"--machine={names.machine}", f"--directory={names.root}"}
    return sorted(int(each.name) for each in proc.iterdir() if each.name.isdigit() and _runs(each, wanted))


def _runs(process: Path, wanted: set[str]) -> bool:
    """Whether a process is a systemd-nspawn with these arguments."""
    try:
        arguments = (process / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return False  # it ended meanwhile
    return Path(arguments[0]).name == "systemd-nspawn" and wanted <= set(arguments)
