"""What a front end serves: Dovecot as the proxy that clients sign in to, and the password check for Postfix."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailpair.plan import certificates, listening, metrics, places, sessions
from mailpair.plan.accounts import PROTOCOLS
from mailpair.plan.certificates import Served, Shown
from mailpair.plan.role import ConnectionLimit
from mailpair.plan.sessions import SessionsPlan
from mailpair.plan.tls import TlsPlan
from mailpair.servers import Role, Server
from mailpair.site.model import (
    AuthMechanism,
    Binding,
    CertificateService,
    LoginType,
    Protocol,
    ProtocolSettings,
    ReceiveConnector,
    Site,
)

_SERVICES = {Protocol.POP3: CertificateService.POP, Protocol.IMAP4: CertificateService.IMAP}

PACKAGES = (f"dovecot-core>={places.DOVECOT_VERSION}", "dovecot-imapd", "dovecot-pop3d", "dovecot-sqlite", "procps")


@dataclass(frozen=True, slots=True)
class Listener:
    """An address and port that login processes listen on; ``ssl`` is Dovecot's word for TLS from the first byte."""

    name: str
    address: str
    port: int
    ssl: bool


@dataclass(frozen=True, slots=True)
class Shows:
    """Certificates and keys that are shown together, the preferred one first; ``name`` is the one that is asked for."""

    name: str  # empty: whatever is asked for
    certificate: str
    key: str
    alternative_certificate: str  # of another algorithm; empty: there is none
    alternative_key: str


@dataclass(frozen=True, slots=True)
class ProtocolPlan:
    """A protocol that is on, in Dovecot's words."""

    name: str  # imap or pop3
    greeting: str
    ssl: str  # what a connection in the clear may do: "required" is no sign-in, "yes" one without a password
    shows: Shows
    by_name: tuple[Shows, ...]  # in place of that, for names that are asked for (SNI); *. is one label
    listeners: tuple[Listener, ...]


@dataclass(frozen=True, slots=True)
class ClientAccessPlan:
    """Values of the role client_access."""

    packages: tuple[str, ...]
    public_ports: tuple[int, ...]
    peer_ports: tuple[int, ...]
    fqdn: str
    running: bool  # whether Dovecot has anything to do here
    protocols: tuple[ProtocolPlan, ...]
    ends: tuple[tuple[str, ...], ...]  # commands that end the sessions of protocols that are off
    sasl: bool  # whether Postfix asks Dovecot about passwords
    sasl_socket: str
    portal: bool  # whether the page for users asks Dovecot about passwords
    portal_socket: str
    portal_user: str
    directory: str
    accounts: str  # the SQLite file with those who may sign in
    former: tuple[str, ...]  # files that are no longer needed
    back_ends: dict[str, str]  # full names by name: where the mailboxes are
    ca: str
    peer_certificate: str
    peer_key: str
    tls: TlsPlan
    confirm: str  # a shell command that fails if Dovecot did not take its files
    tls_files: tuple[str, ...]  # a change of these is loaded
    mechanisms: tuple[str, ...]
    tickets: tuple[str, ...]  # protocols that let a Kerberos ticket in
    keytab_name: str | None  # in the site's private folder; None: no tickets
    keytab: str  # where it goes
    sessions: SessionsPlan
    watching: bool  # whether there are sessions to watch
    metrics: tuple[tuple[str, str], ...]  # of Dovecot, each with the events that it counts
    metrics_port: int | None  # where Dovecot tells figures; None: nowhere
    limits: tuple[ConnectionLimit, ...]
    open: tuple[str, ...]  # a command that fails if a listener is not there


def plan(site: Site, servers: Sequence[Server], server: Server) -> ClientAccessPlan:
    """Plan a front end of the site."""
    settings = {
        name: (protocol, site.protocol_settings(protocol, server.name))
        for protocol, name in ((Protocol.IMAP4, "imap"), (Protocol.POP3, "pop3"))
        # Validation refuses a front service without its back one; both are asked so that a slip there opens no port.
        if site.pair(protocol).enabled
    }
    shown = {name: certificates.shown(site, server, _SERVICES[protocol]) for name, (protocol, _) in settings.items()}
    protocols = tuple(_protocol(name, own, shown[name]) for name, (_, own) in settings.items())
    enabled = [each for each in site.receive_connectors if each.enabled]
    doors = listening.doors(enabled)
    connectors = tuple(sessions.connector(each, doors.ports(each.name)) for each in enabled)
    sasl = any(
        connector.auth_mechanism
        & {AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS, AuthMechanism.INTEGRATED}
        for connector in enabled
    )
    tickets = _tickets(settings, enabled)
    return ClientAccessPlan(
        packages=(*PACKAGES, *(("dovecot-gssapi",) if tickets else ())),
        public_ports=tuple(sorted({listener.port for protocol in protocols for listener in protocol.listeners})),
        peer_ports=(),
        fqdn=server.fqdn,
        running=bool(protocols) or sasl or site.web_site.enabled,
        protocols=protocols,
        ends=tuple(_end(name) for name in ("imap", "pop3") if name not in {protocol.name for protocol in protocols}),
        sasl=sasl,
        sasl_socket=places.SASL_SOCKET,
        portal=site.web_site.enabled,
        portal_socket=places.PORTAL_SASL_SOCKET,
        portal_user=places.PORTAL_USER,
        directory=places.DIRECTORY,
        accounts=places.ACCOUNTS,
        former=tuple(f"{places.DIRECTORY}/{each}" for each in PROTOCOLS),
        back_ends={each.name: each.fqdn for each in servers if each.role is Role.MAILBOX},
        ca=places.PEERS_FILE,
        peer_certificate=places.PEER_CERTIFICATE,
        peer_key=places.PEER_KEY,
        tls=TlsPlan(),
        confirm=places.CONFIRM_LISTENING_DOVECOT,
        tls_files=(
            places.PEER_CERTIFICATE,
            places.PEER_KEY,
            *dict.fromkeys(path for each in shown.values() for path in each.paths),
            *((places.KEYTAB,) if tickets else ()),
        ),
        mechanisms=("plain", "login", *(("gssapi",) if tickets else ())),
        tickets=tickets,
        keytab_name=site.kerberos_keytab if tickets else None,
        keytab=places.KEYTAB,
        sessions=sessions.plan(settings, connectors, site.wrong_passwords, sessions.sharing(servers)),
        watching=bool(settings or connectors or site.web_site.enabled),
        metrics=metrics.FRONT_END,
        metrics_port=metrics.dovecot_port(site),
        limits=tuple(sessions.limit(name, own) for name, (_, own) in settings.items()),
        open=_open(listener for protocol in protocols for listener in protocol.listeners),
    )


def _tickets(
    settings: Mapping[str, tuple[Protocol, ProtocolSettings]], connectors: Iterable[ReceiveConnector]
) -> tuple[str, ...]:
    """The protocols, by Dovecot's names, that let a Kerberos ticket in."""
    found = [name for name, (_, own) in settings.items() if own.enable_gssapi_and_ntlm_auth]
    if any(AuthMechanism.INTEGRATED in each.auth_mechanism for each in connectors):
        found.append("smtp")
    return tuple(found)


def _open(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """A command that looks for all listeners.

    Where a port goes from all addresses to one of them or back, Dovecot may fail to listen, and calls the reload a
    success. A second one mends it.
    """
    wanted = " ".join(shlex.quote(_shown(listener)) for listener in listeners)
    missing = f'for each in {wanted}; do ss -Hltn | awk \'{{print $4}}\' | grep -Fqx "$each" || echo "$each"; done'
    look = f'missing=$({missing}); [ -z "$missing" ]'
    again = "doveadm reload && doveadm service status >/dev/null"
    return (
        "/bin/sh",
        "-c",
        f'{look} || {{ {again} && {look}; }} || {{ echo "nothing listens at" $missing >&2; exit 1; }}',
    )


def _shown(listener: Listener) -> str:
    host = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"{host}:{listener.port}"


def _end(protocol: str) -> tuple[str, ...]:
    # A reload ends no session, so what is off is ended by itself; pkill says 1 where there was nothing to end.
    pkill = f"pkill --cgroup /system.slice/dovecot.service --exact {protocol}-login"
    return ("/bin/sh", "-c", f"{pkill} || [ $? -eq 1 ]")


def _protocol(name: str, settings: ProtocolSettings, shown: Shown) -> ProtocolPlan:
    bindings: list[tuple[Binding, bool]] = [
        *((binding, True) for binding in settings.ssl_bindings),
        *((binding, False) for binding in settings.unencrypted_or_tls_bindings),
    ]
    return ProtocolPlan(
        name=name,
        greeting=settings.banner,
        ssl="required" if settings.login_type is LoginType.SECURE_LOGIN else "yes",
        shows=_shows("", shown.unasked),
        # A name itself goes before a wildcard that covers it, since the last of two is taken.
        by_name=tuple(
            _shows(asked, each)
            for asked, each in sorted(shown.by_name.items(), key=lambda item: not item[0].startswith("*."))
        ),
        listeners=tuple(
            Listener(name=f"{name}-{index}", address=str(binding.address), port=binding.port, ssl=ssl)
            for index, (binding, ssl) in enumerate(bindings, start=1)
        ),
    )


def _shows(name: str, served: Served) -> Shows:
    first, second = (*served.files, None)[:2]
    return Shows(
        name=name,
        certificate=first.certificate if first else "",
        key=first.key if first else "",
        alternative_certificate=second.certificate if second else "",
        alternative_key=second.key if second else "",
    )
