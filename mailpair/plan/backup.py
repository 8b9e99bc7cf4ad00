"""What a back end backs up, where to, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from mailpair.plan import places
from mailpair.plan.role import ConnectionLimit
from mailpair.servers import Server
from mailpair.site.model import Site

# restic speaks SFTP through ssh.
PACKAGES = ("openssh-client", "python3", "restic")

PASSWORD_FILE = "/etc/mailpair/backup-password"

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Configuration:
    """The program's configuration, as hostside/backup/configuration.py reads it."""

    server: str
    repository: str
    password_file: str
    mail: str
    notes: str
    keep_hours: int
    interval: int  # seconds
    metrics: str
    cache: str


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """Values of the role backup."""

    enabled: bool
    packages: tuple[str, ...]
    configuration: Configuration
    folder: str  # of a repository on this host; empty: it is elsewhere
    file: str = "/etc/mailpair/backup.json"
    programs: str = places.PROGRAMS_DIRECTORY
    public_ports: tuple[int, ...] = ()
    peer_ports: tuple[int, ...] = ()
    limits: tuple[ConnectionLimit, ...] = ()


def plan(site: Site, server: Server) -> BackupPlan:
    """Plan the backups of a back end.

    Each has a repository and a password of its own, so that one which is broken into can't read the others' mail.
    """
    settings = site.backup
    repository = f"{settings.repository}/{server.name}" if settings.repository else ""
    return BackupPlan(
        enabled=settings.enabled,
        packages=PACKAGES if settings.enabled else (),
        configuration=Configuration(
            server=server.name,
            repository=repository,
            password_file=PASSWORD_FILE,
            mail=places.MAIL,
            notes=places.WELCOME,
            keep_hours=-(-settings.retention // _HOUR),
            interval=settings.interval,
            metrics=places.BACKUP_METRICS,
            cache="/var/cache/mailpair-backup",
        ),
        folder=repository if repository.startswith("/") else "",
    )
