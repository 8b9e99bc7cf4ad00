"""OpenSSH's known_hosts text: which keys are pinned for which address. Pure functions from text to text."""

from __future__ import annotations

from collections.abc import Sequence


def host_pattern(address: str, port: int = 22) -> str:
    """How known_hosts names an address: as it is, or ``[address]:port`` for a port other than 22."""
    return address if port == 22 else f"[{address}]:{port}"


def pinned(text: str, host: str) -> tuple[str, ...]:
    """The keys (``ssh-ed25519 AAAA...``) pinned for a host, in the order of the file."""
    lines = (line.split() for line in text.splitlines())
    return tuple(" ".join(words[1:3]) for words in lines if len(words) >= 3 and host in words[0].split(","))


def replace(text: str, host: str, keys: Sequence[str]) -> str:
    """The text with exactly these keys for a host (none: the host is forgotten); all other lines stay as they are.

    A key is what a host's ``/etc/ssh/ssh_host_*_key.pub`` holds; its comment is left out. Raises ValueError for a
    text that is no such key.
    """
    lines = [kept for line in text.splitlines() if (kept := _without(line, host)) is not None]
    lines += [f"{host} {_checked(key)}" for key in keys]
    return "".join(f"{line}\n" for line in lines)


def _without(line: str, host: str) -> str | None:
    """A line that no longer speaks of a host; None where it spoke of nothing else."""
    names, separator, rest = line.partition(" ")
    if line.startswith(("#", "@")) or not separator or host not in names.split(","):
        return line
    others = [name for name in names.split(",") if name != host]
    return f"{','.join(others)} {rest}" if others else None


def _checked(key: str) -> str:
    words = key.split()
    if len(words) < 2 or "\n" in key.strip() or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise ValueError(f"not an SSH host key: {key!r}")
    return f"{words[0]} {words[1]}"
