"""What the program for sessions is told: limits, timeouts and protocol logs of a front end, and a back end's logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mailpair.plan import places, postfix
from mailpair.plan.role import ConnectionLimit
from mailpair.servers import Role, Server
from mailpair.settings.quantities import NO_LIMIT
from mailpair.site.model import Protocol, ProtocolSettings, ReceiveConnector, WrongPasswords

USER = "mailpair-sessions"
BOARD_UNIT = "mailpair-noticeboard.socket"
STATE = "/var/lib/mailpair-sessions"
PREFIXES = {Protocol.POP3: "POP3", Protocol.IMAP4: "IMAP4"}  # of the names of log files, as in Exchange


@dataclass(frozen=True, slots=True)
class LogPlan:
    """A protocol's log."""

    folder: str
    prefix: str
    period: str
    quota: int  # bytes; 0: none


@dataclass(frozen=True, slots=True)
class WatchedProtocol:
    """A protocol whose sessions are watched; times are in seconds."""

    ports: tuple[int, ...]
    silent: int
    silent_before: int
    per_user: int
    log: LogPlan | None


@dataclass(frozen=True, slots=True)
class WatchedConnector:
    """A receive connector whose sessions are watched: seconds in all, wrong passwords (None: Postfix counts them)."""

    name: str
    ports: tuple[int, ...]
    total: int
    logon_failures: int | None


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """Wrong passwords in an hour; None: any number."""

    per_client_and_mailbox: int | None
    per_client: int | None
    per_mailbox: int | None


@dataclass(frozen=True, slots=True)
class Guesses:
    """What is done against guessing, and the file that knows who has signed in from where."""

    limits: GuessLimits
    known: str = f"{STATE}/known.db"


@dataclass(frozen=True, slots=True)
class Sharing:
    """Where front ends tell each other of guesses: the noticeboards of all back ends."""

    boards: tuple[str, ...]  # full names of back ends
    front_ends: int
    port: int = places.NOTICEBOARD_PORT


@dataclass(frozen=True, slots=True)
class Noticeboard:
    """What a back end has where front ends tell each other of guesses."""

    enabled: bool  # whether there are several
    port: int = places.NOTICEBOARD_PORT
    socket: str = "/run/mailpair-noticeboard.sock"
    programs: str = places.PROGRAMS_DIRECTORY


@dataclass(frozen=True, slots=True)
class Watched:
    """The program's configuration, but for the version of its files."""

    protocols: Mapping[str, WatchedProtocol]  # by Dovecot's names
    connectors: tuple[WatchedConnector, ...]
    guesses: Guesses | None  # None: nobody signs in here
    sharing: Sharing | None = None  # None: there is no other front end


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that the program writes into."""

    path: str
    owner: str = USER
    group: str = "adm"  # who reads logs on Debian
    mode: str = "0750"


@dataclass(frozen=True, slots=True)
class SessionsPlan:
    """Values for the program and its unit."""

    user: str
    watched: Watched
    folders: tuple[Folder, ...]
    programs: str
    events_socket: str
    policy_port: int


def plan(
    protocols: Mapping[str, tuple[Protocol, ProtocolSettings]],
    connectors: tuple[WatchedConnector, ...],
    wrong: WrongPasswords | None,
    shared: Sharing | None = None,
) -> SessionsPlan:
    """Plan the program for the protocols that are on (by Dovecot's names), for connectors, and against guessing."""
    watched = {name: _protocol(protocol, settings) for name, (protocol, settings) in protocols.items()}
    return SessionsPlan(
        user=USER,
        watched=Watched(watched, connectors, _guesses(wrong), shared),
        folders=tuple(Folder(path) for path in sorted({each.log.folder for each in watched.values() if each.log})),
        programs=places.PROGRAMS_DIRECTORY,
        events_socket=places.EVENTS_SOCKET,
        policy_port=places.POLICY_PORT,
    )


def logs(protocols: Mapping[str, tuple[Protocol, ProtocolSettings]]) -> SessionsPlan:
    """Plan the program for a back end, where it writes protocol logs and watches nothing."""
    told = plan({name: each for name, each in protocols.items() if each[1].protocol_log_enabled}, (), None)
    silent = {name: replace(each, ports=()) for name, each in told.watched.protocols.items()}
    return replace(told, watched=replace(told.watched, protocols=silent))


def sharing(servers: Sequence[Server]) -> Sharing | None:
    """Plan how front ends tell each other of guesses; None where there is one of them."""
    front_ends = sum(each.role is Role.CLIENT_ACCESS for each in servers)
    boards = tuple(each.fqdn for each in servers if each.role is Role.MAILBOX)
    return Sharing(boards, front_ends) if front_ends > 1 and boards else None


def _guesses(wrong: WrongPasswords | None) -> Guesses | None:
    if wrong is None:
        return None
    return Guesses(GuessLimits(wrong.per_client_and_mailbox, wrong.per_client, wrong.per_mailbox))


def connector(each: ReceiveConnector, ports: tuple[int, ...]) -> WatchedConnector:
    """What is watched at a receive connector; ``ports`` are where it really listens."""
    errors = each.max_protocol_errors
    # Postfix takes a wrong password for an error, so it keeps an equal limit by itself.
    ours = each.max_logon_failures and (errors is None or each.max_logon_failures < errors)
    return WatchedConnector(
        name=postfix.log_name(each.name).removeprefix("postfix/"),
        ports=ports,
        total=each.connection_timeout,
        logon_failures=each.max_logon_failures if ours else None,
    )


def limit(name: str, settings: ProtocolSettings) -> ConnectionLimit:
    """How many connections a protocol takes."""
    return ConnectionLimit(name, ports(settings), settings.max_connections, settings.max_connection_from_single_ip)


def ports(settings: ProtocolSettings) -> tuple[int, ...]:
    """The ports of a protocol's bindings."""
    return tuple(sorted({each.port for each in (*settings.ssl_bindings, *settings.unencrypted_or_tls_bindings)}))


def _protocol(protocol: Protocol, settings: ProtocolSettings) -> WatchedProtocol:
    log = LogPlan(
        folder=settings.log_file_location,
        prefix=PREFIXES[protocol],
        period=settings.log_file_roll_over_settings.value,
        quota=settings.log_per_file_size_quota or 0,
    )
    per_user = settings.max_connections_per_user
    return WatchedProtocol(
        ports=ports(settings),
        silent=settings.authenticated_connection_timeout,
        silent_before=settings.pre_authenticated_connection_timeout,
        per_user=NO_LIMIT if per_user is None else per_user,
        log=log if settings.protocol_log_enabled else None,
    )
