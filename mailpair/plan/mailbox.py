"""What a back end serves: Dovecot's POP3, IMAP4 and LMTP to front ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import calendar, metrics, places, quota, sessions, welcome
from mailpair.plan.calendar import CalendarPlan
from mailpair.plan.quota import QuotaPlan
from mailpair.plan.role import ConnectionLimit, addresses_of
from mailpair.plan.sessions import Noticeboard, SessionsPlan
from mailpair.plan.tls import TlsPlan
from mailpair.plan.welcome import WelcomePlan
from mailpair.servers import Role, Server
from mailpair.settings import ports
from mailpair.site.model import Mailbox, Protocol, Site

# haproxy asks front ends for their certificates.
PACKAGES = (
    f"dovecot-core>={places.DOVECOT_VERSION}",
    "dovecot-imapd",
    "dovecot-lmtpd",
    "dovecot-pop3d",
    "dovecot-sieve",
    "haproxy",
    "python3",
)
SPECIAL_FOLDERS = ("Drafts", "Sent", "Trash", "Junk")

LMTP_SOCKET = "/run/dovecot/lmtp"
MAILBOXES_FILE = "/etc/mailpair/mailboxes"


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox that this server holds, and what Dovecot is told of it."""

    address: str
    fields: tuple[str, ...]  # name=value


def account_line(address: str, fields: Sequence[str]) -> str:
    """The line of an account in Dovecot's passwd-file, without its end (doc: passwd-file, "extra fields")."""
    return f"{address}:::::::{' '.join(fields)}"


@dataclass(frozen=True, slots=True)
class DirectLoginPlan:
    """A second Dovecot for measurements in a lab; the role brings it up only where a variable asks for it."""

    imap_port: int = places.DIRECT_IMAP_PORT
    pop_port: int = places.DIRECT_POP_PORT
    directory: str = "/etc/mailpair/direct-login"
    configuration: str = "/etc/dovecot/direct-login.conf"
    unit: str = "/etc/systemd/system/mailpair-direct-login.service"
    files: tuple[str, ...] = (unit, configuration, f"{directory}/imap", f"{directory}/pop3")


@dataclass(frozen=True, slots=True)
class MailboxPlan:
    """Values of the role mailbox."""

    packages: tuple[str, ...]
    public_ports: tuple[int, ...]
    peer_ports: tuple[int, ...]
    fqdn: str
    front_ends: tuple[str, ...]  # addresses
    front_end_names: tuple[str, ...]  # of their certificates
    protocols: tuple[str, ...]  # in Dovecot's words
    imap_port: int | None  # None: the IMAP4 back service is off
    pop_port: int | None
    proxied: tuple[tuple[str, int | None, int], ...]  # name, port of haproxy, port of loopback: IMAP4, then POP3
    lmtp_port: int
    lmtp_socket: str
    mail: str  # the folder of all mailboxes
    index_logs: str  # the program that mends Dovecot's index logs at boot
    mailboxes: tuple[Account, ...]
    mailboxes_file: str
    special_folders: tuple[str, ...]
    quota: QuotaPlan
    calendar: CalendarPlan | None  # None: meeting requests stay as they came
    welcome: WelcomePlan | None  # None: new mailboxes are empty
    postmaster: str  # who writes to the owners of mailboxes
    tls: TlsPlan
    direct_login: DirectLoginPlan
    confirm: str  # a shell command that fails if Dovecot did not take its files
    tls_files: tuple[str, ...]  # a change of these is loaded
    ca: str
    certificate: str
    key: str
    imap_max_line_length: int  # bytes
    idle_held: bool  # whether one process holds sessions in IDLE; it tells protocol logs nothing of them
    logs: SessionsPlan  # protocol logs of what is said after the sign-in
    noticeboard: Noticeboard
    logged: str  # Dovecot's events that go into them; empty: none
    metrics: tuple[tuple[str, str], ...]  # of Dovecot, each with the events that it counts
    metrics_port: int | None  # where Dovecot tells figures; None: nowhere
    limits: tuple[ConnectionLimit, ...] = ()


def plan(site: Site, servers: Sequence[Server], server: Server) -> MailboxPlan:
    """Plan a back end of the site."""
    logs = sessions.logs(
        {
            name: (protocol, site.protocol_settings(protocol))
            for protocol, name in ((Protocol.IMAP4, "imap"), (Protocol.POP3, "pop3"))
            if site.pair(protocol).back_end
        }
    )
    board = Noticeboard(enabled=sessions.sharing(servers) is not None)
    imap_port = site.imap_settings.proxy_target_port if site.imap4.back_end else None
    pop_port = site.pop_settings.proxy_target_port if site.pop3.back_end else None
    return MailboxPlan(
        packages=PACKAGES,
        public_ports=(),
        peer_ports=tuple(
            port
            for port in (
                places.LMTP_PORT,
                places.QUOTA_PORT,
                board.port if board.enabled else None,
                imap_port,
                pop_port,
            )
            if port is not None
        ),
        fqdn=server.fqdn,
        front_ends=addresses_of(servers, Role.CLIENT_ACCESS),
        front_end_names=tuple(each.fqdn for each in servers if each.role is Role.CLIENT_ACCESS),
        protocols=(*(["imap"] if imap_port else []), *(["pop3"] if pop_port else []), "lmtp"),
        imap_port=imap_port,
        pop_port=pop_port,
        proxied=(("imap", imap_port, ports.PROXIED_IMAP), ("pop3", pop_port, ports.PROXIED_POP)),
        lmtp_port=places.LMTP_PORT,
        lmtp_socket=LMTP_SOCKET,
        mail=places.MAIL,
        index_logs="/usr/local/lib/mailpair/index_logs",
        mailboxes=tuple(_account(site, mailbox) for mailbox in site.mailboxes if mailbox.server == server.name),
        mailboxes_file=MAILBOXES_FILE,
        special_folders=SPECIAL_FOLDERS,
        quota=quota.back_end(site),
        calendar=calendar.plan(site),
        welcome=welcome.plan(site, servers, server),
        postmaster=f"postmaster@{site.domain}",
        tls=TlsPlan(),
        direct_login=DirectLoginPlan(),
        confirm=places.CONFIRM_DOVECOT,
        tls_files=(places.PEER_CERTIFICATE, places.PEER_KEY),
        ca=places.PEERS_FILE,
        certificate=places.PEER_CERTIFICATE,
        key=places.PEER_KEY,
        imap_max_line_length=site.imap_settings.max_command_size,
        idle_held="imap" not in logs.watched.protocols,
        metrics=metrics.BACK_END,
        metrics_port=metrics.dovecot_port(site),
        logs=logs,
        noticeboard=board,
        logged=" OR ".join(_events(name) for name in logs.watched.protocols),
    )


def _events(protocol: str) -> str:
    """Commands of a protocol, and the ends of its sessions."""
    return f"event={protocol}_command_finished OR (event=mail_user_session_finished AND service={protocol})"


def _account(site: Site, mailbox: Mailbox) -> Account:
    pairs = (*quota.fields(mailbox), *calendar.fields(site, mailbox))
    return Account(mailbox.address, tuple(f"{name}={value}" for name, value in pairs))
