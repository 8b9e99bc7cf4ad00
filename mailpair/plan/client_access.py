"""What a front end serves: Dovecot as the proxy that clients sign in to, and the password check for Postfix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import places
from mailpair.plan.tls import TlsPlan
from mailpair.servers import Role, Server
from mailpair.site.model import AuthMechanism, Binding, Protocol, ProtocolSettings, Site

PACKAGES = (f"dovecot-core>={places.DOVECOT_VERSION}", "dovecot-imapd", "dovecot-pop3d", "procps")


@dataclass(frozen=True, slots=True)
class Listener:
    """An address and port that login processes listen on; ``ssl`` is Dovecot's word for TLS from the first byte."""

    name: str
    address: str
    port: int
    ssl: bool


@dataclass(frozen=True, slots=True)
class ProtocolPlan:
    """A protocol that is on, in Dovecot's words."""

    name: str  # imap or pop3
    greeting: str
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
    directory: str
    back_ends: dict[str, str]  # full names by name: where the mailboxes are
    ca: str
    server_certificate: str
    server_key: str
    peer_certificate: str
    peer_key: str
    tls: TlsPlan
    confirm: str  # a shell command that fails if Dovecot did not take its files
    tls_files: tuple[str, ...]  # a change of these is loaded


def plan(site: Site, servers: Sequence[Server], server: Server) -> ClientAccessPlan:
    """Plan a front end of the site."""
    protocols = tuple(
        _protocol(name, site.protocol_settings(protocol, server.name))
        for protocol, name in ((Protocol.IMAP4, "imap"), (Protocol.POP3, "pop3"))
        # Validation refuses a front service without its back one; both are asked so that a slip there opens no port.
        if site.pair(protocol).enabled
    )
    sasl = any(
        connector.enabled
        and connector.auth_mechanism & {AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS}
        for connector in site.receive_connectors
    )
    return ClientAccessPlan(
        packages=PACKAGES,
        public_ports=tuple(sorted({listener.port for protocol in protocols for listener in protocol.listeners})),
        peer_ports=(),
        fqdn=server.fqdn,
        running=bool(protocols) or sasl,
        protocols=protocols,
        ends=tuple(_end(name) for name in ("imap", "pop3") if name not in {protocol.name for protocol in protocols}),
        sasl=sasl,
        sasl_socket=places.SASL_SOCKET,
        directory=places.DIRECTORY,
        back_ends={each.name: each.fqdn for each in servers if each.role is Role.MAILBOX},
        ca=places.CA_FILE,
        server_certificate=places.SERVER_CERTIFICATE,
        server_key=places.SERVER_KEY,
        peer_certificate=places.PEER_CERTIFICATE,
        peer_key=places.PEER_KEY,
        tls=TlsPlan(),
        confirm=places.CONFIRM_DOVECOT,
        tls_files=(
            places.CA_FILE,
            places.SERVER_CERTIFICATE,
            places.SERVER_KEY,
            places.PEER_CERTIFICATE,
            places.PEER_KEY,
        ),
    )


def _end(protocol: str) -> tuple[str, ...]:
    # A reload ends no session, so what is off is ended by itself; pkill says 1 where there was nothing to end.
    pkill = f"pkill --cgroup /system.slice/dovecot.service --exact {protocol}-login"
    return ("/bin/sh", "-c", f"{pkill} || [ $? -eq 1 ]")


def _protocol(name: str, settings: ProtocolSettings) -> ProtocolPlan:
    bindings: list[tuple[Binding, bool]] = [
        *((binding, True) for binding in settings.ssl_bindings),
        *((binding, False) for binding in settings.unencrypted_or_tls_bindings),
    ]
    return ProtocolPlan(
        name=name,
        greeting=settings.banner,
        listeners=tuple(
            Listener(name=f"{name}-{index}", address=str(binding.address), port=binding.port, ssl=ssl)
            for index, (binding, ssl) in enumerate(bindings, start=1)
        ),
    )
