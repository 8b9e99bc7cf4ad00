"""restic(1), told everything by its environment: nothing about the repository is in an argument."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .configuration import BackupError, Configuration

INCOMPLETE = 3  # some files could not be read
NO_REPOSITORY = 10


class ResticError(BackupError):
    """restic ended with another status than 0; ``code`` is that."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Restic:
    """Commands of restic's on one repository."""

    def __init__(self, told: Configuration) -> None:
        """Runs nothing yet."""
        self._told = told
        self._environment = {
            **os.environ,
            "RESTIC_REPOSITORY": told.repository,
            "RESTIC_PASSWORD_FILE": told.password_file,
            "RESTIC_CACHE_DIR": told.cache,
        }

    def run(self, *arguments: str, also: Sequence[int] = ()) -> list[dict[str, Any]]:
        """The lines of JSON that a command prints; raises :class:`ResticError` for a status but 0 and ``also``."""
        return list(self.each(*arguments, also=also))

    def each(self, *arguments: str, also: Sequence[int] = ()) -> Iterator[dict[str, Any]]:
        """The same, one after the other, for what is too long to be held whole."""
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(
                ["/usr/bin/restic", *arguments, "--json"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as running,
        ):
            yield from _lines(running.stdout or ())
            code = running.wait()
            errors.seek(0)
            if code not in {0, *also}:
                raise ResticError(self._said(code, errors.read()), code)
            yield from _lines(errors)

    def snapshots(self) -> list[dict[str, Any]]:
        """This server's backups, the newest last."""
        printed = self.run("snapshots", "--host", self._told.server)
        return sorted(printed, key=lambda each: str(each["time"]))

    def _said(self, code: int, text: str) -> str:
        place, server = self._told.repository, self._told.server
        match code:
            case 10:
                return (
                    f"{place}: no repository: must be there; bring back what it is on, or begin another one by saying "
                    f"on {server}: mailpair-backup begin"
                )
            case 11:
                return f"{place}: locked: must be free; wait for who uses it, or say: mailpair-backup restic unlock"
            case 12:
                return (
                    f"{place}: another password: must open with the one of {server}; put the password that it was made "
                    f"with into private/backup/{server} on the controller, and run playbooks/site.yml"
                )
        return f"{place}: {_last(text)}: must be usable; see docs/backup.md"

    def by_hand(self, arguments: Sequence[str]) -> int:
        """A command of a person's, with its output as it is; returns its status."""
        return subprocess.run(["/usr/bin/restic", *arguments], env=self._environment, check=False).returncode


def _lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            read = json.loads(line)
        except ValueError:  # a word to people
            continue
        if isinstance(read, list):
            yield from read
        elif isinstance(read, dict):
            yield read


def _last(text: str) -> str:
    """The last thing that restic said, which is the reason."""
    said = text.strip().splitlines()
    if not said:
        return "restic failed"
    last = next(_lines(said[-1:]), {})
    return str(last.get("message", said[-1])).removeprefix("Fatal: ")
