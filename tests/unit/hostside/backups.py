"""A store that is backed up, and a repository that is none, for tests of backups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hostside.backup import store
from hostside.backup.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def configured(tmp_path: Path) -> Configuration:
    """A store with two messages, which is backed up."""
    mail = tmp_path / "vmail"
    for name in ("cur/1.a:2,S", "new/2.b", "tmp/3.c"):
        file = mail / "contoso.test/ada/Maildir" / name
        file.parent.mkdir(parents=True)
        file.write_text(name)
    told = Configuration(
        server="back1",
        repository="/mnt/backup/back1",
        password_file="/nowhere",
        mail=mail,
        notes=tmp_path / "notes",
        keep_hours=720,
        interval=3600,
        metrics=tmp_path / "backup.prom",
        cache=str(tmp_path),
    )
    (mail / store.MARK).write_text(told.repository)
    return told


class Repository:
    """restic, as far as these tests need it: ``during`` is what happens to the store while it is read."""

    def __init__(self, told: Configuration, during: Callable[[], object] = lambda: None) -> None:
        self.told, self.during = told, during
        self.commands: list[str] = []
        self.known: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []

    def run(self, *arguments: str, also: object = ()) -> list[dict[str, Any]]:
        self.commands.append(" ".join(arguments[:2]) if arguments[0] == "forget" else arguments[0])
        if arguments[0] == "backup":
            assert also == (3,)
            entries = list(store.messages(self.told.mail))
            self.files = [{"type": "file", "path": each.path, "inode": each.inode()} for each in entries]
            self.during()
            return [*self.errors, {"message_type": "summary", "snapshot_id": "1234"}]
        return []

    def each(self, *arguments: str) -> Iterator[dict[str, Any]]:
        self.commands.append(arguments[0])
        yield from self.files

    def snapshots(self) -> list[dict[str, Any]]:
        return self.known
