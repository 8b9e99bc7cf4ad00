"""Receive connectors: what they offer at EHLO, and what only Exchange itself has a use for (Set-ReceiveConnector)."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN, nothing, only, only_word, word
from mailpair.settings.quantities import time_span
from mailpair.settings.record import WORD_FOR_WORD, Answer, Parameter
from mailpair.settings.values import SizeEnabled, TransportRole

_DISCARDED = "Postfix's smtpd_discard_ehlo_keywords"


def _keyword(name: str, parameter: str, keyword: str, more: str = "") -> Parameter:
    return Parameter(
        name=name,
        notation=BOOLEAN,
        default=True,
        answer=Answer.NATIVE,
        source=f"Set-ReceiveConnector -{parameter}",
        text=f"Whether the EHLO keyword {keyword} is offered.{more}",
        test="tests/e2e/test_connector_limits.py::test_greeting_and_keywords",
        how=_DISCARDED,
    )


_KEYWORDS = (
    Parameter(
        name="size_enabled",
        notation=word(SizeEnabled),
        default="Enabled",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -SizeEnabled",
        text=(
            "How the EHLO keyword SIZE is offered: with the largest size (Enabled), without it (EnabledWithoutValue), "
            "or not at all (Disabled). max_message_size holds in any case."
        ),
        test="tests/e2e/test_connector_limits.py::test_how_the_largest_size_is_told",
        how=f"{_DISCARDED} and message_size_limit",
    ),
    _keyword("eight_bit_mime_enabled", "EightBitMimeEnabled", "8BITMIME"),
    _keyword("chunking_enabled", "ChunkingEnabled", "CHUNKING"),
    _keyword("pipelining_enabled", "PipeliningEnabled", "PIPELINING"),
    _keyword("delivery_status_notification_enabled", "DeliveryStatusNotificationEnabled", "DSN"),
    _keyword(
        "enhanced_status_codes_enabled",
        "EnhancedStatusCodesEnabled",
        "ENHANCEDSTATUSCODES",
        " The codes stay in the answers.",
    ),
    Parameter(
        name="binary_mime_enabled",
        notation=only(BOOLEAN, value=False, reason="Postfix has no BINARYMIME"),
        default=False,
        answer=Answer.FIXED,
        source="Set-ReceiveConnector -BinaryMimeEnabled",
        text="Whether the EHLO keyword BINARYMIME is offered: never.",
        test="tests/e2e/test_connector_limits.py::test_greeting_and_keywords",
        exchange_default="true",
        exchange_accepts="true or false",
        how="Postfix has no BINARYMIME",
    ),
    Parameter(
        name="smtp_utf8_enabled",
        notation=only(BOOLEAN, value=False, reason="addresses are ASCII here"),
        default=False,
        answer=Answer.FIXED,
        source="Set-ReceiveConnector -SmtpUtf8Enabled",
        text="Whether the EHLO keyword SMTPUTF8 is offered: never.",
        test="tests/e2e/test_connector_limits.py::test_greeting_and_keywords",
        how="Postfix's smtputf8_enable = no",
        exchange_accepts="true or false",
    ),
    Parameter(
        name="bare_linefeed_rejection_enabled",
        notation=only(BOOLEAN, value=True, reason="a bare LF can smuggle a second message in"),
        default=True,
        answer=Answer.FIXED,
        source="Set-ReceiveConnector -BareLinefeedRejectionEnabled",
        text="Whether lines that end in a bare LF are refused: always.",
        test="tests/e2e/security/test_injection.py::test_nothing_but_the_one_end_ends_a_message",
        exchange_default="false",
        how="Postfix's smtpd_forbid_bare_newline = reject",
        exchange_accepts="true or false",
    ),
    Parameter(
        name="require_ehlo_domain",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -RequireEHLODomain",
        text="Whether a client must give its full name, or its address in brackets, at EHLO. Some name it must give.",
        test="tests/e2e/test_connector_limits.py::test_a_client_gives_its_full_name",
        how="Postfix's smtpd_helo_restrictions",
    ),
)

_BETWEEN_EXCHANGE = "it is spoken between servers of Exchange alone"


def _only_off(name: str, parameter: str, reason: str = _BETWEEN_EXCHANGE) -> Parameter:
    return Parameter(
        name=name,
        notation=only(BOOLEAN, value=False, reason=reason),
        default=False,
        answer=Answer.REFUSED,
        source=f"Set-ReceiveConnector -{parameter}",
        text=f"Only false is taken: {reason}.",
        test=WORD_FOR_WORD,
    )


def _not_given(name: str, parameter: str, reason: str) -> Parameter:
    return Parameter(
        name=name,
        notation=nothing(reason),
        unsaid="nothing",
        answer=Answer.REFUSED,
        source=f"Set-ReceiveConnector -{parameter}",
        text=f"Must not be given: {reason}.",
        test=WORD_FOR_WORD,
    )


_BETWEEN_SERVERS = (
    _only_off("domain_secure_enabled", "DomainSecureEnabled", "it is mutual TLS with partners that Exchange knows"),
    _not_given("tls_domain_capabilities", "TlsDomainCapabilities", _BETWEEN_EXCHANGE),
    _only_off("orar_enabled", "OrarEnabled"),
    _only_off("long_addresses_enabled", "LongAddressesEnabled", "it is for X.400 addresses"),
    _only_off("suppress_x_anonymous_tls", "SuppressXAnonymousTls"),
    _not_given("service_discovery_fqdn", "ServiceDiscoveryFqdn", "it is for Exchange's own discovery of services"),
    Parameter(
        name="transport_role",
        notation=only_word(
            TransportRole, TransportRole.FRONTEND_TRANSPORT, "connectors are on front ends; back ends take LMTP"
        ),
        default="FrontendTransport",
        answer=Answer.REFUSED,
        source="New-ReceiveConnector -TransportRole",
        text="Only FrontendTransport is taken: connectors are on front ends.",
        test=WORD_FOR_WORD,
        exchange_default="HubTransport on a server that has that role",
        exchange_accepts="HubTransport as well",
    ),
    Parameter(
        name="max_acknowledgement_delay",
        notation=only(
            time_span(0, 600), 30, "a message is acknowledged once it is on stable storage, and nothing delays that"
        ),
        default="00:00:30",
        answer=Answer.REFUSED,
        source="Set-ReceiveConnector -MaxAcknowledgementDelay",
        text="Only 00:00:30 is taken: it is for shadow redundancy; nothing is acknowledged here before it is stored.",
        test=WORD_FOR_WORD,
        exchange_accepts="00:00:00 to 00:10:00",
    ),
)

PARAMETERS = (*_KEYWORDS, *_BETWEEN_SERVERS)
