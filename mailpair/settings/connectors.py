"""How mail comes in and goes out: Set-ReceiveConnector and Set-SendConnector."""

from __future__ import annotations

from mailpair.settings.endpoints import BINDING, SMART_HOST
from mailpair.settings.names import ADDRESS_SPACE, CREDENTIAL, DOMAIN
from mailpair.settings.notation import BOOLEAN, ListOf, size, whole_number, word, words
from mailpair.settings.record import Answer, Group, Parameter
from mailpair.settings.values import AuthMechanism, PermissionGroup, SmartHostAuth

_KB, _GB = 1 << 10, 1 << 30

RECEIVE_CONNECTOR = Group(
    "receive_connectors",
    "Doors for mail on the front ends (Set-ReceiveConnector).",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=True,
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -Enabled",
            text="Whether the connector listens.",
            test="tests/e2e/test_settings.py::test_bindings_are_the_open_ports_and_there_are_no_others",
        ),
        Parameter(
            name="bindings",
            notation=ListOf(BINDING),
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -Bindings",
            text="Where it listens for clients that begin in the clear and turn to TLS (STARTTLS).",
            test="tests/e2e/test_settings.py::test_bindings_are_the_open_ports_and_there_are_no_others",
            required=True,
        ),
        Parameter(
            name="ssl_bindings",
            notation=ListOf(BINDING),
            default=[],
            answer=Answer.OURS,
            source="none; Exchange Server 2013 offers TLS from the first byte on its mailbox servers only",
            text="Where it listens for clients that speak TLS from the first byte; 465 is the usual port (RFC 8314).",
            test="tests/e2e/test_settings.py::test_smtp_is_told_of_with_each_encryption",
        ),
        Parameter(
            name="fqdn",
            notation=DOMAIN,
            unsaid="the server's own name",
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -Fqdn",
            text="The name that the connector greets with, and that clients are told.",
            test="tests/e2e/test_settings.py::test_a_connector_has_a_name_and_mechanisms_of_its_own",
        ),
        Parameter(
            name="auth_mechanism",
            notation=words(AuthMechanism),
            default=["Tls"],
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -AuthMechanism",
            text=(
                "How a client may prove who it is. BasicAuth needs BasicAuthRequireTLS, and that needs Tls: no "
                "password crosses in the clear. None stands alone."
            ),
            test="tests/e2e/test_settings.py::test_a_connector_has_a_name_and_mechanisms_of_its_own",
        ),
        Parameter(
            name="permission_groups",
            notation=words(PermissionGroup),
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -PermissionGroups",
            text=(
                "Who may send: ExchangeUsers have signed in and may write to anyone, from their own addresses; "
                "AnonymousUsers may write to the accepted domains only."
            ),
            test="tests/e2e/test_mail_in.py::test_whom_a_stranger_may_write_to",
            required=True,
        ),
        Parameter(
            name="advertise_client_settings",
            notation=BOOLEAN,
            default=False,
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -AdvertiseClientSettings",
            text="Whether users are told to send through this connector; it must take ExchangeUsers.",
            test="tests/e2e/test_settings.py::test_smtp_is_told_of_with_each_encryption",
        ),
        Parameter(
            name="max_message_size",
            notation=size(64 * _KB, 2 * _GB - 1),
            default="36 MB",
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -MaxMessageSize",
            text="The largest message that is taken; the EHLO keyword SIZE tells it.",
            test="tests/e2e/test_settings.py::test_limits_of_a_connector_are_told_and_kept",
        ),
        Parameter(
            name="max_recipients_per_message",
            notation=whole_number(1, 512000),
            default=200,
            answer=Answer.NATIVE,
            source="Set-ReceiveConnector -MaxRecipientsPerMessage",
            text="How many recipients one message may have; further ones are put off.",
            test="tests/e2e/test_settings.py::test_limits_of_a_connector_are_told_and_kept",
        ),
    ),
)

# The connectors that Exchange makes on a Client Access server, with what it sets on them.
READY_RECEIVE_CONNECTORS: dict[str, dict[str, object]] = {
    "Client Frontend": {
        "bindings": ["0.0.0.0:587", "[::]:587"],
        "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
        "permission_groups": ["ExchangeUsers"],
    },
    "Default Frontend": {
        "bindings": ["0.0.0.0:25", "[::]:25"],
        "auth_mechanism": ["Tls"],
        "permission_groups": ["AnonymousUsers"],
    },
}

SEND_CONNECTOR = Group(
    "send_connectors",
    "How mail leaves the site (Set-SendConnector). Where there is none, it does not.",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=True,
            answer=Answer.NATIVE,
            source="Set-SendConnector -Enabled",
            text="Whether mail leaves through it.",
            test="tests/e2e/test_settings.py::test_a_send_connector_that_is_off_takes_nothing",
        ),
        Parameter(
            name="address_spaces",
            notation=ListOf(ADDRESS_SPACE, at_least=1),
            answer=Answer.NATIVE,
            source="Set-SendConnector -AddressSpaces",
            text="Which recipients it is for. The most exact one wins, and no two connectors may have the same.",
            test="tests/e2e/test_mail_out.py::test_without_a_smart_host_dns_says_where_to",
            required=True,
        ),
        Parameter(
            name="smart_hosts",
            notation=ListOf(SMART_HOST),
            default=[],
            answer=Answer.NATIVE,
            source="Set-SendConnector -SmartHosts",
            text="Servers that take the mail, tried in order. Empty: the recipients' own servers, by DNS.",
            test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
        ),
        Parameter(
            name="smart_host_auth_mechanism",
            notation=word(SmartHostAuth),
            default="None",
            answer=Answer.NATIVE,
            source="Set-SendConnector -SmartHostAuthMechanism",
            text="How the site signs in to smart hosts.",
            test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
        ),
        Parameter(
            name="authentication_credential",
            notation=CREDENTIAL,
            unsaid="no signing in",
            answer=Answer.NATIVE,
            source="Set-SendConnector -AuthenticationCredential",
            text="The name of the file under private/credentials that holds user:password, as its one line.",
            test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
            confidential=True,
        ),
        Parameter(
            name="require_tls",
            notation=BOOLEAN,
            default=False,
            answer=Answer.NATIVE,
            source="Set-SendConnector -RequireTLS",
            text="Whether mail stays here rather than leave without TLS. Signing in always requires TLS.",
            test="tests/unit/plan/test_send_connector.py::test_how_a_connector_sends",
        ),
        Parameter(
            name="fqdn",
            notation=DOMAIN,
            unsaid="the server's own name",
            answer=Answer.NATIVE,
            source="Set-SendConnector -Fqdn",
            text="The name that the site gives itself to the servers it sends to.",
            test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
        ),
    ),
)
