from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from mailpair.plan.smtp_service import options
from mailpair.site.model import AuthMechanism, IpRange, MessageRateSource, PermissionGroup, SizeEnabled
from tests.unit.plan.sites import receive

SIGN_IN_FIRST = "check_client_access static:{530 5.7.0 Authentication required}"
NOT_OURS = "check_sender_access texthash:/etc/postfix/own_domains"
PASSWORDS = {"Tls", "BasicAuth", "BasicAuthRequireTLS"}
RANGES = (
    IpRange(ip_address("10.0.0.1"), ip_address("10.0.0.2")),
    IpRange(ip_address("fd00::"), ip_address("fd00::ffff")),
)


def told(*, ssl: bool = False, **given: Any) -> dict[str, str]:
    """What a connector's SMTP server is told."""
    pairs = (option.partition(" = ") for option in options(receive(**given), ca="ca.pem", ssl=ssl))
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize(
    ("groups", "mechanisms", "expected"),
    [
        (
            {"ExchangeUsers"},
            PASSWORDS,
            {
                "smtpd_tls_security_level": "encrypt",
                "smtpd_sasl_auth_enable": "yes",
                "smtpd_sasl_mechanism_filter": "!gssapi, static:all",
                "smtpd_client_restrictions": f"permit_sasl_authenticated, {SIGN_IN_FIRST}",
                "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
                "smtpd_sender_restrictions": "reject_sender_login_mismatch",
            },
        ),
        (
            {"AnonymousUsers"},
            {"Tls"},
            {
                "smtpd_tls_security_level": "may",
                "smtpd_relay_restrictions": "reject_unauth_destination",
                "smtpd_sender_restrictions": NOT_OURS,
            },
        ),
        ({"AnonymousUsers"}, {"None"}, {"smtpd_tls_security_level": "none"}),
        (
            {"AnonymousUsers", "ExchangeUsers"},
            PASSWORDS,
            {
                "smtpd_tls_security_level": "may",
                "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
                "smtpd_sender_restrictions": (f"reject_sender_login_mismatch, permit_sasl_authenticated, {NOT_OURS}"),
            },
        ),
        (
            {"ExchangeUsers"},
            {"Tls", "Integrated"},
            {"smtpd_sasl_mechanism_filter": "gssapi", "smtpd_sasl_auth_enable": "yes"},
        ),
        ({"ExchangeUsers"}, {*PASSWORDS, "Integrated"}, {"smtpd_sasl_mechanism_filter": "static:all"}),
        (
            {"AnonymousUsers", "ExchangeServers"},
            {"Tls", "ExchangeServer"},
            {
                "smtpd_tls_ask_ccert": "yes",
                "smtpd_tls_CAfile": "ca.pem",
                "smtpd_relay_restrictions": "permit_tls_all_clientcerts, reject_unauth_destination",
                "smtpd_sender_restrictions": f"permit_tls_all_clientcerts, {NOT_OURS}",
            },
        ),
        (
            {"ExchangeServers"},
            {"Tls", "ExternalAuthoritative"},
            {
                "smtpd_tls_security_level": "may",
                "mynetworks": "10.0.0.1/32, 10.0.0.2/32, [fd00::]/112",
                "smtpd_client_restrictions": f"permit_mynetworks, {SIGN_IN_FIRST}",
                "smtpd_relay_restrictions": "permit_mynetworks, reject",
                "smtpd_sender_restrictions": "permit_mynetworks",
            },
        ),
        (
            set(),
            {"Tls"},
            {"smtpd_relay_restrictions": "reject", "smtpd_sender_restrictions": NOT_OURS},
        ),
    ],
)
def test_who_may_send(groups: set[str], mechanisms: set[str], expected: dict[str, str]) -> None:
    found = told(
        permission_groups=frozenset(map(PermissionGroup, groups)),
        auth_mechanism=frozenset(map(AuthMechanism, mechanisms)),
        remote_ip_ranges=RANGES,
    )
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"fqdn": "mail.contoso.test"}, "myhostname", "mail.contoso.test"),
        ({"banner": "ready at last"}, "smtpd_banner", "ready at last"),
        ({"name": "Default (Frontend) 2."}, "syslog_name", "postfix/default-frontend-2"),
        ({"max_message_size": 65536}, "message_size_limit", "65536"),
        ({"size_enabled": SizeEnabled.ENABLED_WITHOUT_VALUE}, "message_size_limit", "0"),
        ({"size_enabled": SizeEnabled.DISABLED}, "smtpd_discard_ehlo_keywords", "size, etrn, silent-discard"),
        (
            {
                "eight_bit_mime_enabled": False,
                "chunking_enabled": False,
                "pipelining_enabled": False,
                "delivery_status_notification_enabled": False,
                "enhanced_status_codes_enabled": False,
            },
            "smtpd_discard_ehlo_keywords",
            "8bitmime, chunking, pipelining, dsn, enhancedstatuscodes, etrn, silent-discard",
        ),
        ({"max_recipients_per_message": 7}, "smtpd_recipient_limit", "7"),
        ({"max_protocol_errors": 3}, "smtpd_hard_error_limit", "3"),
        ({"max_protocol_errors": None}, "smtpd_hard_error_limit", "2147483647"),
        ({"tarpit_interval": 0}, "smtpd_error_sleep_time", "0s"),
        ({"max_inbound_connection_per_source": None}, "smtpd_client_connection_count_limit", "0"),
        ({"max_inbound_connection_per_source": 4}, "smtpd_client_connection_count_limit", "4"),
        ({"message_rate_limit": 4}, "smtpd_client_message_rate_limit", "4"),
        (
            {"message_rate_limit": 4, "message_rate_source": MessageRateSource.USER},
            "smtpd_client_message_rate_limit",
            "0",
        ),
        ({"connection_inactivity_timeout": 4}, "smtpd_timeout", "4s"),
        ({"require_tls": True}, "smtpd_tls_security_level", "encrypt"),
        (
            {"require_ehlo_domain": True},
            "smtpd_helo_restrictions",
            "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname",
        ),
    ],
)
def test_what_is_the_connectors_own(given: dict[str, Any], name: str, value: str) -> None:
    assert told(**given)[name] == value


def test_what_would_change_under_load_is_said() -> None:
    assert {
        "smtpd_timeout",
        "smtpd_hard_error_limit",
        "smtpd_junk_command_limit",
        "smtpd_starttls_timeout",
        "smtpd_per_request_deadline",
    } <= told().keys()


def test_tls_from_the_first_byte() -> None:
    found = told(ssl=True)
    assert (found["smtpd_tls_wrappermode"], found["smtpd_tls_security_level"]) == ("yes", "encrypt")
