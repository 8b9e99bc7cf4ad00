"""What the Postfix of a front end does: connectors that mail comes in by, the way to mailboxes, the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.plan import places, postfix, quota, recipients, send_connector
from mailpair.plan.recipients import Entry
from mailpair.plan.role import ConnectionLimit
from mailpair.plan.tls import TlsPlan
from mailpair.servers import Role, Server
from mailpair.site.model import AuthMechanism, PermissionGroup, ReceiveConnector, Site

PACKAGES = (f"postfix>={postfix.VERSION}", "python3")
SIGN_IN_PACKAGES = ("libsasl2-modules",)  # the client's side of PLAIN and LOGIN, for smart hosts

_FILES_OF_OTHERS = (
    places.CA_FILE,
    places.SERVER_CERTIFICATE,
    places.SERVER_KEY,
    places.PEER_CERTIFICATE,
    places.PEER_KEY,
    postfix.SYSTEM_CA_FILE,
)

# What Postfix limits messages to where no connector is enabled.
_LEAST_SIZE_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class ReceiveConnectorPlan:
    """Values of the role receive_connector."""

    packages: tuple[str, ...]
    public_ports: tuple[int, ...]
    peer_ports: tuple[int, ...]
    fqdn: str
    domains: tuple[str, ...]
    message_size_limit: int  # the largest of all connectors
    header_size_limit: int  # of one field, in bytes
    services: tuple[postfix.Service, ...]  # one for each binding of an enabled connector
    milters: str  # whom every connector asks
    mailboxes: tuple[Entry, ...]
    aliases: tuple[Entry, ...]
    senders: tuple[Entry, ...]
    outgoing: send_connector.Outgoing
    folder: str
    inspector: str
    credentials: str  # the file that holds them
    watch: tuple[str, ...]  # files of others, read by each process as it starts
    system_ca: str
    sasl_socket: str
    ca: str
    server_certificate: str
    server_key: str
    peer_certificate: str
    peer_key: str
    tls: TlsPlan
    limits: tuple[ConnectionLimit, ...] = ()


def plan(site: Site, servers: Sequence[Server], server: Server) -> ReceiveConnectorPlan:
    """Plan a front end of the site."""
    enabled = [connector for connector in site.receive_connectors if connector.enabled]
    outgoing = send_connector.outgoing(site)
    bindings = [binding for connector in enabled for binding in (*connector.bindings, *connector.ssl_bindings)]
    return ReceiveConnectorPlan(
        packages=(*PACKAGES, *(SIGN_IN_PACKAGES if outgoing.credentials else ())),
        public_ports=tuple(sorted({binding.port for binding in bindings if not binding.address.is_loopback})),
        peer_ports=(),
        fqdn=server.fqdn,
        domains=site.accepted_domains,
        message_size_limit=max((each.max_message_size for each in enabled), default=_LEAST_SIZE_LIMIT),
        header_size_limit=postfix.HEADER_SIZE_LIMIT,
        services=tuple(service for connector in enabled for service in services(connector)),
        milters=quota.MILTER,
        mailboxes=recipients.mailboxes(site, {each.name: each.fqdn for each in servers if each.role is Role.MAILBOX}),
        aliases=recipients.aliases(site),
        senders=recipients.senders(site),
        outgoing=outgoing,
        folder=postfix.FOLDER,
        inspector=postfix.INSPECTOR,
        credentials=postfix.CREDENTIALS,
        watch=(*_FILES_OF_OTHERS, *((postfix.CREDENTIALS,) if outgoing.credentials else ())),
        system_ca=postfix.SYSTEM_CA_FILE,
        sasl_socket=places.SASL_SOCKET,
        ca=places.CA_FILE,
        server_certificate=places.SERVER_CERTIFICATE,
        server_key=places.SERVER_KEY,
        peer_certificate=places.PEER_CERTIFICATE,
        peer_key=places.PEER_KEY,
        tls=TlsPlan(),
    )


def services(connector: ReceiveConnector) -> tuple[postfix.Service, ...]:
    """Make the entries of master.cf of one connector, one a binding."""
    common = (
        f"syslog_name = {postfix.log_name(connector.name)}",
        *([f"myhostname = {connector.fqdn}"] if connector.fqdn else []),
        f"message_size_limit = {connector.max_message_size}",
        f"smtpd_recipient_limit = {connector.max_recipients_per_message}",
        *_who_may_send(connector),
    )
    start_tls = (f"smtpd_tls_security_level = {_tls_level(connector)}",)
    from_the_start = ("smtpd_tls_security_level = encrypt", "smtpd_tls_wrappermode = yes")
    return tuple(
        postfix.Service(connector.name, str(binding), (*common, *tls))
        for bindings, tls in ((connector.bindings, start_tls), (connector.ssl_bindings, from_the_start))
        for binding in bindings
    )


def _tls_level(connector: ReceiveConnector) -> str:
    if AuthMechanism.TLS not in connector.auth_mechanism:
        return "none"
    # Where strangers may send too, they may do so without TLS, as nearly all mail servers allow.
    return "may" if PermissionGroup.ANONYMOUS_USERS in connector.permission_groups else "encrypt"


def _signs_in(connector: ReceiveConnector) -> bool:
    passwords = {AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS}
    return PermissionGroup.EXCHANGE_USERS in connector.permission_groups and bool(connector.auth_mechanism & passwords)


def _who_may_send(connector: ReceiveConnector) -> tuple[str, ...]:
    """Who may send through a connector, to whom, and in whose name."""
    strangers = PermissionGroup.ANONYMOUS_USERS in connector.permission_groups
    # Nobody outside speaks for the site's own domains: who belongs to them signs in.
    not_ours = f"check_sender_access {postfix.OWN_DOMAINS_MAP}"
    if _signs_in(connector):
        if strangers:
            return (
                "smtpd_sasl_auth_enable = yes",
                "smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination",
                f"smtpd_sender_restrictions = reject_sender_login_mismatch, permit_sasl_authenticated, {not_ours}",
            )
        sign_in_first = "check_client_access static:{530 5.7.0 Authentication required}"
        return (
            "smtpd_sasl_auth_enable = yes",
            f"smtpd_client_restrictions = permit_sasl_authenticated, {sign_in_first}",
            "smtpd_relay_restrictions = permit_sasl_authenticated, reject",
            "smtpd_sender_restrictions = reject_sender_login_mismatch",
        )
    relay = "reject_unauth_destination" if strangers else "reject"
    return (f"smtpd_relay_restrictions = {relay}", f"smtpd_sender_restrictions = {not_ours}")
