"""Send connectors: what they are for, and how they go about it (New- and Set-SendConnector)."""

from __future__ import annotations

from mailpair.settings.endpoints import OWN_ADDRESS, SMART_HOST
from mailpair.settings.names import ADDRESS_SPACE, DOMAIN, SERVER
from mailpair.settings.notation import BOOLEAN, ListOf, only_word, whole_number
from mailpair.settings.quantities import size_limit, time_span
from mailpair.settings.record import WORD_FOR_WORD, Answer, Parameter
from mailpair.settings.texts import line
from mailpair.settings.values import ProtocolLoggingLevel

_GB = 1 << 30
_DAY = 86400
_COMMENT_LENGTH = 256
_IN_THE_MAIL_LOG = "the mail log has each delivery by its connector's name, with the other server's answer"

PARAMETERS = (
    Parameter(
        name="enabled",
        notation=BOOLEAN,
        default=True,
        answer=Answer.NATIVE,
        source="Set-SendConnector -Enabled",
        text="Whether mail leaves through it.",
        test="tests/e2e/test_settings.py::test_a_send_connector_that_is_off_takes_nothing",
        how="a delivery agent of Postfix's, or none",
    ),
    Parameter(
        name="comment",
        notation=line(_COMMENT_LENGTH),
        unsaid="no comment",
        answer=Answer.NATIVE,
        source="Set-SendConnector -Comment",
        text="What an administrator wants to know of the connector; it stands in master.cf on front ends.",
        test="tests/e2e/test_connector_limits.py::test_comments_stand_in_master_cf",
        how="a comment in master.cf, which nobody outside sees",
    ),
    Parameter(
        name="address_spaces",
        notation=ListOf(ADDRESS_SPACE, at_least=1),
        answer=Answer.NATIVE,
        source="Set-SendConnector -AddressSpaces",
        text=(
            "Which recipients it is for, with a cost from 1 to 100. The most exact one wins; of equal ones the "
            "cheapest, and none may be equal in both."
        ),
        test="tests/e2e/test_mail_out.py::test_without_a_smart_host_dns_says_where_to",
        required=True,
        how="Postfix's transport_maps and default_transport",
    ),
    Parameter(
        name="smart_hosts",
        notation=ListOf(SMART_HOST),
        default=[],
        answer=Answer.NATIVE,
        source="Set-SendConnector -SmartHosts",
        text="Servers that take the mail, tried in order. Empty: the recipients' own servers, by DNS.",
        test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
        how="the next hop in Postfix's transport map",
    ),
    Parameter(
        name="dns_routing_enabled",
        notation=BOOLEAN,
        unsaid="true without smart_hosts, false with them",
        answer=Answer.NATIVE,
        source="Set-SendConnector -DNSRoutingEnabled",
        text="Whether DNS says where mail goes; false with smart_hosts, and only with them.",
        test="tests/e2e/test_mail_out.py::test_without_a_smart_host_dns_says_where_to",
        exchange_default="true",
        how="the next hop in Postfix's transport map",
    ),
    Parameter(
        name="port",
        notation=whole_number(1, 65535),
        default=25,
        answer=Answer.NATIVE,
        source="Set-SendConnector -Port",
        text="The port of the servers that it sends to; a smart host may have its own.",
        test="tests/e2e/test_send_connectors.py::test_the_port_is_that_of_the_connector",
        how="the next hop in Postfix's transport map",
        exchange_accepts="0 as well",
    ),
    Parameter(
        name="fqdn",
        notation=DOMAIN,
        unsaid="the server's own name",
        answer=Answer.NATIVE,
        source="Set-SendConnector -Fqdn",
        text="The name that the site gives itself to the servers it sends to.",
        test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
        how="Postfix's smtp_helo_name",
    ),
    Parameter(
        name="force_helo",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-SendConnector -ForceHELO",
        text="Whether it says HELO, as before ESMTP; there is then no TLS and no signing in.",
        test="tests/e2e/test_send_connectors.py::test_helo_is_said_where_it_is_asked_for",
        how="Postfix's smtp_never_send_ehlo",
    ),
    Parameter(
        name="connection_inactivity_time_out",
        notation=time_span(1, _DAY),
        default="00:10:00",
        answer=Answer.NATIVE,
        source="Set-SendConnector -ConnectionInactivityTimeOut",
        text="How long it waits for the other server's next answer.",
        test="tests/e2e/test_send_connectors.py::test_a_server_that_does_not_answer_is_left",
        how="Postfix's smtp_*_timeout",
    ),
    Parameter(
        name="smtp_max_messages_per_connection",
        notation=whole_number(1, (1 << 31) - 1),
        default=20,
        answer=Answer.NATIVE,
        source="Set-SendConnector -SmtpMaxMessagesPerConnection",
        text="How many messages go over one connection.",
        test="tests/e2e/test_send_connectors.py::test_a_connection_carries_so_many_messages",
        how="Postfix's smtp_connection_reuse_count_limit",
    ),
    Parameter(
        name="max_message_size",
        notation=size_limit(0, 2 * _GB - 1),
        default="35 MB",
        answer=Answer.BUILT,
        source="Set-SendConnector -MaxMessageSize",
        text=(
            "The largest message that leaves through it; a user who sends more is told at once. The reference prints "
            "25 MB, Exchange Server 2013 sets 35 MB."
        ),
        test="tests/e2e/test_connector_limits.py::test_a_message_too_large_to_leave_is_refused_at_once",
        how="the program mailpair-inspection, which each message passes",
        exchange_default="35 MB as it is set, 25 MB in the reference",
    ),
    Parameter(
        name="source_ip_address",
        notation=OWN_ADDRESS,
        unsaid="any of the server's addresses",
        answer=Answer.NATIVE,
        source="Set-SendConnector -SourceIPAddress",
        text="The address that it sends from.",
        test="tests/e2e/test_send_connectors.py::test_the_source_is_the_address_of_the_connector",
        exchange_default="0.0.0.0",  # noqa: S104 - a word of Exchange's, not a place to listen
        how="Postfix's smtp_bind_address and smtp_bind_address6",
    ),
    Parameter(
        name="source_transport_servers",
        notation=ListOf(SERVER),
        default=[],
        answer=Answer.NATIVE,
        source="Set-SendConnector -SourceTransportServers",
        text="The front ends that it is on; empty: all of them. Mail for it that comes in elsewhere is refused there.",
        test="tests/e2e/test_send_connectors.py::test_a_connector_is_on_the_front_ends_that_it_names",
        exchange_default="the server that it is made on",
        how="front ends that have the delivery agent",
    ),
    Parameter(
        name="protocol_logging_level",
        notation=only_word(ProtocolLoggingLevel, ProtocolLoggingLevel.NONE, _IN_THE_MAIL_LOG),
        default="None",
        answer=Answer.REFUSED,
        source="Set-SendConnector -ProtocolLoggingLevel",
        text=f"Only None is taken: {_IN_THE_MAIL_LOG}.",
        test=WORD_FOR_WORD,
        exchange_accepts="Verbose as well",
    ),
)
