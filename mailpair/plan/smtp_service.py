"""What a receive connector is in Postfix's words: all that its SMTP server is told in master.cf.

Everything that a connector has is said, even where it is Postfix's default: several of those change under load.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import summarize_address_range

from mailpair.plan import postfix
from mailpair.settings.quantities import NO_LIMIT
from mailpair.site.model import (
    AuthMechanism,
    MessageRateSource,
    PermissionGroup,
    ReceiveConnector,
    SizeEnabled,
)

_PASSWORDS = frozenset({AuthMechanism.BASIC_AUTH, AuthMechanism.BASIC_AUTH_REQUIRE_TLS})
_SIGN_IN_FIRST = "check_client_access static:{530 5.7.0 Authentication required}"
_FULL_NAME = "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname"
# Never offered: ETRN has nothing to do here.
_NEVER = ("etrn", "silent-discard")


def options(connector: ReceiveConnector, *, ca: str, ssl: bool) -> tuple[str, ...]:
    """The settings of a connector's SMTP server, each ``name = value``.

    ``ca`` is the site's own CA, which other servers' certificates are checked against; ``ssl`` says whether TLS begins
    with the first byte.
    """
    return (
        f"syslog_name = {postfix.log_name(connector.name)}",
        *([f"myhostname = {connector.fqdn}"] if connector.fqdn else []),
        *([f"smtpd_banner = {connector.banner}"] if connector.banner else []),
        *_limits(connector),
        *_times(connector),
        f"smtpd_discard_ehlo_keywords = {', '.join(_not_offered(connector))}",
        *([f"smtpd_helo_restrictions = {_FULL_NAME}"] if connector.require_ehlo_domain else []),
        *_who_may_send(connector),
        *_certificates(connector, ca),
        f"smtpd_tls_security_level = {'encrypt' if ssl else _tls_level(connector)}",
        *(["smtpd_tls_wrappermode = yes"] if ssl else []),
    )


def signs_in(connector: ReceiveConnector) -> bool:
    """Whether users can sign in."""
    mechanisms = _PASSWORDS | {AuthMechanism.INTEGRATED}
    return PermissionGroup.EXCHANGE_USERS in connector.permission_groups and bool(connector.auth_mechanism & mechanisms)


def counts_by(connector: ReceiveConnector, source: MessageRateSource) -> bool:
    """Whether messages are counted by a source."""
    return connector.message_rate_limit is not None and connector.message_rate_source in {source, MessageRateSource.ALL}


def _limits(connector: ReceiveConnector) -> Iterator[str]:
    # A limit of 0 is none. Then SIZE is offered without a number, and the inspector holds to the limit.
    told = 0 if connector.size_enabled is SizeEnabled.ENABLED_WITHOUT_VALUE else connector.max_message_size
    yield f"message_size_limit = {told}"
    yield f"smtpd_recipient_limit = {connector.max_recipients_per_message}"
    yield f"smtpd_hard_error_limit = {connector.max_protocol_errors or NO_LIMIT}"
    yield "smtpd_soft_error_limit = 1"
    yield f"smtpd_error_sleep_time = {connector.tarpit_interval}s"
    yield "smtpd_junk_command_limit = 100"
    yield f"smtpd_client_connection_count_limit = {connector.max_inbound_connection_per_source or 0}"
    by_address = counts_by(connector, MessageRateSource.IP_ADDRESS)
    yield f"smtpd_client_message_rate_limit = {connector.message_rate_limit if by_address else 0}"


def _times(connector: ReceiveConnector) -> Iterator[str]:
    yield f"smtpd_timeout = {connector.connection_inactivity_timeout}s"
    yield f"smtpd_starttls_timeout = {connector.connection_inactivity_timeout}s"
    yield "smtpd_per_request_deadline = no"


def _not_offered(connector: ReceiveConnector) -> Iterator[str]:
    offered = {
        "size": connector.size_enabled is not SizeEnabled.DISABLED,
        "8bitmime": connector.eight_bit_mime_enabled,
        "chunking": connector.chunking_enabled,
        "pipelining": connector.pipelining_enabled,
        "dsn": connector.delivery_status_notification_enabled,
        "enhancedstatuscodes": connector.enhanced_status_codes_enabled,
    }
    yield from (keyword for keyword, wanted in offered.items() if not wanted)
    yield from _NEVER


def _tls_level(connector: ReceiveConnector) -> str:
    if AuthMechanism.TLS not in connector.auth_mechanism:
        return "none"
    if connector.require_tls:
        return "encrypt"
    # Where strangers may send too, they may do so without TLS, as nearly all mail servers allow. A server that its
    # address is enough for has no secret to keep.
    in_the_clear = PermissionGroup.ANONYMOUS_USERS in connector.permission_groups or _known_by_address(connector)
    return "may" if in_the_clear else "encrypt"


def _certificates(connector: ReceiveConnector, ca: str) -> Iterator[str]:
    if _known_by_certificate(connector):
        yield "smtpd_tls_ask_ccert = yes"
        yield f"smtpd_tls_CAfile = {ca}"


def _known_by_certificate(connector: ReceiveConnector) -> bool:
    servers = PermissionGroup.EXCHANGE_SERVERS in connector.permission_groups
    return servers and AuthMechanism.EXCHANGE_SERVER in connector.auth_mechanism


def _known_by_address(connector: ReceiveConnector) -> bool:
    servers = PermissionGroup.EXCHANGE_SERVERS in connector.permission_groups
    return servers and AuthMechanism.EXTERNAL_AUTHORITATIVE in connector.auth_mechanism


def _networks(connector: ReceiveConnector) -> str:
    networks = [
        network
        for addresses in connector.remote_ip_ranges
        for network in summarize_address_range(addresses.first, addresses.last)
    ]
    # Postfix wants the addresses of IPv6 networks in brackets.
    return ", ".join(
        f"[{network.network_address}]/{network.prefixlen}" if network.version == 6 else str(network)
        for network in networks
    )


def _mechanisms(connector: ReceiveConnector) -> str:
    passwords = bool(connector.auth_mechanism & _PASSWORDS)
    tickets = AuthMechanism.INTEGRATED in connector.auth_mechanism
    if passwords:
        return "static:all" if tickets else "!gssapi, static:all"
    return "gssapi"


def _who_may_send(connector: ReceiveConnector) -> Iterator[str]:
    """Who may send through a connector, to whom, and in whose name."""
    servers = [
        *(["permit_mynetworks"] if _known_by_address(connector) else []),
        *(["permit_tls_all_clientcerts"] if _known_by_certificate(connector) else []),
    ]
    users = ["permit_sasl_authenticated"] if signs_in(connector) else []
    strangers = PermissionGroup.ANONYMOUS_USERS in connector.permission_groups
    known = [*servers, *users]
    if _known_by_address(connector):
        yield f"mynetworks = {_networks(connector)}"
    if users:
        yield "smtpd_sasl_auth_enable = yes"
        yield f"smtpd_sasl_mechanism_filter = {_mechanisms(connector)}"
    if known and not strangers:
        yield f"smtpd_client_restrictions = {', '.join([*known, _SIGN_IN_FIRST])}"
    yield f"smtpd_relay_restrictions = {', '.join([*known, 'reject_unauth_destination' if strangers else 'reject'])}"
    # A user writes in a name of its own. Nobody outside speaks for the site's domains: who belongs to them signs in.
    own_names = ["reject_sender_login_mismatch"] if users else []
    not_ours = [f"check_sender_access {postfix.OWN_DOMAINS_MAP}"] if strangers or not known else []
    rest = [*own_names, *(users if not_ours else []), *not_ours]
    yield f"smtpd_sender_restrictions = {', '.join([*servers, *rest])}"
