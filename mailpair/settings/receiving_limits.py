"""Receive connectors: what is too much, too long or too often (Set-ReceiveConnector)."""

from __future__ import annotations

from mailpair.settings.notation import whole_number, word
from mailpair.settings.quantities import NO_LIMIT, limit, size, time_span
from mailpair.settings.record import Answer, Parameter
from mailpair.settings.values import MessageRateSource, ProtocolLoggingLevel

_KB, _GB = 1 << 10, 1 << 30
_DAY = 86400
_LIMITS = "tests/e2e/test_settings.py::test_limits_of_a_connector_are_told_and_kept"
_GATE = "the milter mailpair-smtp-gate"
_INSPECTION = "the program mailpair-inspection, which each message passes"

_MESSAGES = (
    Parameter(
        name="max_message_size",
        notation=size(64 * _KB, 2 * _GB - 1),
        default="36 MB",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -MaxMessageSize",
        text="The largest message that is taken; the EHLO keyword SIZE tells it.",
        test=_LIMITS,
        how="Postfix's message_size_limit",
    ),
    Parameter(
        name="max_recipients_per_message",
        notation=whole_number(1, 512000),
        default=200,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -MaxRecipientsPerMessage",
        text="How many recipients one message may have; further ones are put off.",
        test=_LIMITS,
        how="Postfix's smtpd_recipient_limit",
    ),
    Parameter(
        name="max_header_size",
        notation=size(1, 2 * _GB - 1),
        default="256 KB",
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MaxHeaderSize",
        text="How large the header of a message may be, all fields together.",
        test="tests/e2e/test_connector_limits.py::test_headers_and_servers_passed",
        how=_INSPECTION,
    ),
    Parameter(
        name="max_hop_count",
        notation=whole_number(1, 500),
        default=60,
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MaxHopCount",
        text="How many servers a message may have passed; the reference prints 30, Exchange Server 2013 sets 60.",
        test="tests/e2e/test_connector_limits.py::test_headers_and_servers_passed",
        how=_INSPECTION,
        exchange_default="60 as it is set, 30 in the reference",
    ),
    Parameter(
        name="max_local_hop_count",
        notation=whole_number(0, 50),
        default=12,
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MaxLocalHopCount",
        text=(
            "How many of those may have been servers of this site; 0: any number. The reference prints 8, Exchange "
            "Server 2013 sets 12."
        ),
        test="tests/e2e/test_connector_limits.py::test_headers_and_servers_passed",
        how=_INSPECTION,
        exchange_default="12 as it is set, 8 in the reference",
    ),
)

_FAILURES = (
    Parameter(
        name="max_logon_failures",
        notation=whole_number(1, 10, below="Postfix counts a failed logon as a protocol error, so some number ends it"),
        default=3,
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MaxLogonFailures",
        text=(
            "After how many failed attempts to sign in a session ends. Postfix counts each as an error as well, so 0, "
            "which would be never, and more than max_protocol_errors are refused."
        ),
        test="tests/e2e/test_connector_limits.py::test_wrong_passwords_end_the_session_and_are_in_no_log",
        how="the service mailpair-sessions follows the mail log",
        exchange_accepts="0 to 10; 0: never",
    ),
    Parameter(
        name="max_protocol_errors",
        notation=limit(1, NO_LIMIT, unlimited=True, below="Postfix ends no session before its first error"),
        default=5,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -MaxProtocolErrors",
        text="After how many errors a session ends, at the next command. 0 is refused: Postfix takes one at least.",
        test="tests/e2e/test_connector_limits.py::test_errors_are_answered_late_and_end_the_session",
        how="Postfix's smtpd_hard_error_limit",
        exchange_accepts="0 to 2147483647 or unlimited",
    ),
    Parameter(
        name="tarpit_interval",
        notation=time_span(0, 600),
        default="00:00:05",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -TarpitInterval",
        text="How long an answer waits after an error, from the second one of a session on; 00:00:00: not at all.",
        test="tests/e2e/test_connector_limits.py::test_errors_are_answered_late_and_end_the_session",
        how="Postfix's smtpd_error_sleep_time, with a smtpd_soft_error_limit of 1",
    ),
)

_CONNECTIONS = (
    Parameter(
        name="max_inbound_connection",
        notation=limit(1, NO_LIMIT, unlimited=True),
        default=5000,
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MaxInboundConnection",
        text="How many connections the connector has at a time, by binding; each takes some 4 MB of memory.",
        test="tests/e2e/test_connector_limits.py::test_connections_in_all",
        how="nftables counts connections",
    ),
    Parameter(
        name="max_inbound_connection_per_source",
        notation=limit(1, 10000, unlimited=True),
        default=20,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -MaxInboundConnectionPerSource",
        text="How many of them one address has, by binding.",
        test="tests/e2e/test_connector_limits.py::test_connections_of_one_address",
        how="Postfix's smtpd_client_connection_count_limit",
    ),
    Parameter(
        name="max_inbound_connection_percentage_per_source",
        notation=whole_number(1, 100),
        default=2,
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MaxInboundConnectionPercentagePerSource",
        text="How many of them one address has, in per cent of those that are still free; 100: no such limit.",
        test="tests/e2e/test_connector_limits.py::test_the_share_of_one_address_in_what_is_free",
        how=_GATE,
    ),
    Parameter(
        name="connection_inactivity_timeout",
        notation=time_span(1, _DAY),
        default="00:05:00",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -ConnectionInactivityTimeout",
        text="After how long a session ends in which the client says nothing.",
        test="tests/e2e/test_connector_limits.py::test_a_session_that_says_nothing_ends",
        how="Postfix's smtpd_timeout",
    ),
    Parameter(
        name="connection_timeout",
        notation=time_span(1, _DAY),
        default="00:10:00",
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -ConnectionTimeout",
        text="After how long a session ends whatever it does; longer than connection_inactivity_timeout.",
        test="tests/e2e/test_connector_limits.py::test_a_session_that_talks_on_and_on_ends",
        how="the service mailpair-sessions",
    ),
    Parameter(
        name="message_rate_limit",
        notation=limit(1, NO_LIMIT, unlimited=True),
        default="unlimited",
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MessageRateLimit",
        text="How many messages a minute come from one source.",
        test="tests/e2e/test_connector_limits.py::test_messages_of_one_address_in_a_minute",
        how=f"Postfix's smtpd_client_message_rate_limit by address, {_GATE} by user",
    ),
    Parameter(
        name="message_rate_source",
        notation=word(MessageRateSource),
        default="IPAddress",
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -MessageRateSource",
        text=(
            "What a source is: an address (IPAddress), a user (User: who has signed in, else the sender), each of the "
            "two (All), or nothing (None)."
        ),
        test="tests/e2e/test_connector_limits.py::test_messages_of_one_user_in_a_minute",
        how=f"Postfix's smtpd_client_message_rate_limit by address, {_GATE} by user",
    ),
    Parameter(
        name="protocol_logging_level",
        notation=word(ProtocolLoggingLevel),
        default="None",
        answer=Answer.BUILT,
        source="Set-ReceiveConnector -ProtocolLoggingLevel",
        text="Whether a log is kept of what is said (Verbose), without passwords and messages.",
        test="tests/e2e/test_connector_limits.py::test_the_protocol_log_has_the_dialogue_of_its_connector_alone",
        how=_GATE,
    ),
)

PARAMETERS = (*_MESSAGES, *_FAILURES, *_CONNECTIONS)
