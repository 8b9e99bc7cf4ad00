"""Receive connectors: where they listen, for whom, and who may send (Set-ReceiveConnector)."""

from __future__ import annotations

from mailpair.settings.endpoints import BINDING, CONNECTION, IP_RANGE
from mailpair.settings.names import DOMAIN
from mailpair.settings.notation import BOOLEAN, ListOf, nothing, only_word, words
from mailpair.settings.record import WORD_FOR_WORD, Answer, Parameter
from mailpair.settings.texts import TLS_CERTIFICATE_NAME, line, smtp_greeting
from mailpair.settings.values import AuthMechanism, ExtendedProtection, PermissionGroup

_BANNER_LENGTH = 255
_COMMENT_LENGTH = 256
_OPEN_PORTS = "tests/e2e/test_settings.py::test_bindings_are_the_open_ports_and_there_are_no_others"
_OF_ITS_OWN = "tests/e2e/test_settings.py::test_a_connector_has_a_name_and_mechanisms_of_its_own"
_WHOLE_ADDRESSES = "senders and recipients have whole addresses, and others are refused, postmaster aside"
_EVERYONE = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]


def _told(name: str, where: str) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name=name,
            notation=ListOf(CONNECTION),
            unsaid="the connector's fqdn, with the ports that it listens on",
            answer=Answer.OURS,
            source="none; Exchange tells of the connector's fqdn and binding, the same inside and outside",
            text=(
                f"What users {where} are told to enter for sending, while advertise_client_settings is on. An empty "
                "list tells them nothing."
            ),
            test="tests/e2e/test_publications.py::test_what_is_published_is_one_thing_and_the_ports_do_it",
            how="published to clients",
        ),
    )


_WHERE = (
    Parameter(
        name="enabled",
        notation=BOOLEAN,
        default=True,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -Enabled",
        text="Whether the connector listens.",
        test=_OPEN_PORTS,
        how="a service of Postfix's for each binding, or none",
    ),
    Parameter(
        name="comment",
        notation=line(_COMMENT_LENGTH),
        unsaid="no comment",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -Comment",
        text="What an administrator wants to know of the connector; it stands in master.cf on front ends.",
        test="tests/e2e/test_connector_limits.py::test_comments_stand_in_master_cf",
        how="a comment in master.cf, which nobody outside sees",
    ),
    Parameter(
        name="bindings",
        notation=ListOf(BINDING),
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -Bindings",
        text="Where it listens for clients that begin in the clear and turn to TLS (STARTTLS).",
        test=_OPEN_PORTS,
        required=True,
        how="a service of Postfix's for each binding",
    ),
    Parameter(
        name="ssl_bindings",
        notation=ListOf(BINDING),
        default=[],
        answer=Answer.OURS,
        source="none; Exchange Server 2013 offers TLS from the first byte on its mailbox servers only",
        text="Where it listens for clients that speak TLS from the first byte; 465 is the usual port (RFC 8314).",
        test="tests/e2e/test_settings.py::test_smtp_is_told_of_with_each_encryption",
        how="a service of Postfix's for each binding, with smtpd_tls_wrappermode",
    ),
    Parameter(
        name="remote_ip_ranges",
        notation=ListOf(IP_RANGE, at_least=1),
        default=_EVERYONE,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -RemoteIPRanges",
        text=(
            "The clients that it is for: addresses, ranges, networks. Connectors may share a binding; a client gets "
            "the one whose range around its address is the smallest."
        ),
        test="tests/e2e/test_connector_choice.py::test_the_most_exact_range_wins_in_both_families",
        how="nftables redirects clients to the connector's own port, their addresses kept",
    ),
    Parameter(
        name="fqdn",
        notation=DOMAIN,
        unsaid="the server's own name",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -Fqdn",
        text="The name that the connector greets with, and that clients are told.",
        test=_OF_ITS_OWN,
        how="Postfix's myhostname, for the connector",
    ),
    Parameter(
        name="banner",
        notation=smtp_greeting(_BANNER_LENGTH),
        unsaid="220, the fqdn and ESMTP",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -Banner",
        text="What a client is greeted with, the code 220 before it.",
        test="tests/e2e/test_connector_limits.py::test_greeting_and_keywords",
        exchange_default="$null: 220, the fqdn, the product's name and the date",
        how="Postfix's smtpd_banner",
    ),
    Parameter(
        name="default_domain",
        notation=nothing(_WHOLE_ADDRESSES),
        unsaid="nothing",
        answer=Answer.REFUSED,
        source="Set-ReceiveConnector -DefaultDomain",
        text=f"Must not be given: {_WHOLE_ADDRESSES}.",
        test=WORD_FOR_WORD,
        exchange_accepts="an accepted domain",
    ),
    Parameter(
        name="advertise_client_settings",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -AdvertiseClientSettings",
        text="Whether users are told to send through this connector; it must take ExchangeUsers.",
        test="tests/e2e/test_settings.py::test_smtp_is_told_of_with_each_encryption",
        how="published to clients",
    ),
    *_told("external_connection_settings", "outside"),
    *_told("internal_connection_settings", "inside"),
)

_WHO = (
    Parameter(
        name="auth_mechanism",
        notation=words(AuthMechanism),
        default=["Tls"],
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -AuthMechanism",
        text=(
            "How a client may prove who it is. Tls: STARTTLS is offered. BasicAuth needs BasicAuthRequireTLS, and that "
            "needs Tls: no password crosses in the clear. Integrated: a Kerberos ticket, if POP3 and IMAP4 let it "
            "in as well. ExchangeServer: a certificate of the site's CA. ExternalAuthoritative: its address is "
            "enough. None stands alone."
        ),
        test=_OF_ITS_OWN,
        how="Postfix's smtpd_tls_security_level, smtpd_sasl_auth_enable, smtpd_tls_ask_ccert and mynetworks",
    ),
    Parameter(
        name="enable_auth_gssapi",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -EnableAuthGSSAPI",
        text=(
            "Whether Integrated is Kerberos (GSSAPI). It must be on with Integrated and off without: NTLM, which would "
            "be left, is never offered."
        ),
        test="tests/e2e/test_kerberos.py::test_a_connector_for_tickets_takes_no_passwords_and_others_no_tickets",
        how="Dovecot's mechanism gssapi, and Postfix's smtpd_sasl_mechanism_filter",
    ),
    Parameter(
        name="extended_protection_policy",
        notation=only_word(
            ExtendedProtection, ExtendedProtection.NONE, "no mechanism that is offered here binds to the TLS channel"
        ),
        default="None",
        answer=Answer.REFUSED,
        source="Set-ReceiveConnector -ExtendedProtectionPolicy",
        text="Only None is taken, as for POP3 and IMAP4.",
        test=WORD_FOR_WORD,
        exchange_accepts="None, Allow or Require",
    ),
    Parameter(
        name="permission_groups",
        notation=words(
            PermissionGroup,
            refused={
                PermissionGroup.EXCHANGE_LEGACY_SERVERS: "ExchangeLegacyServers are servers of Exchange Server 2003",
                PermissionGroup.PARTNERS: "Partners are servers that domain_secure_enabled knows",
                PermissionGroup.CUSTOM: "Custom is what Add-ADPermission grants, and there is no Active Directory here",
            },
        ),
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -PermissionGroups",
        text=(
            "Who may send: ExchangeUsers have signed in and may write to anyone, from their own addresses; "
            "ExchangeServers have shown a certificate or come from an address that is enough, and may write to anyone "
            "in any name; AnonymousUsers may write to the accepted domains only; None: nobody."
        ),
        test="tests/e2e/test_mail_in.py::test_whom_a_stranger_may_write_to",
        required=True,
        how="Postfix's smtpd_relay_restrictions and smtpd_sender_restrictions",
        exchange_accepts="ExchangeLegacyServers, Partners and Custom as well",
    ),
    Parameter(
        name="require_tls",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -RequireTLS",
        text="Whether a client must turn to TLS before it may send.",
        test="tests/e2e/test_connector_limits.py::test_tls_is_required_where_that_is_said",
        how="Postfix's smtpd_tls_security_level = encrypt",
    ),
    Parameter(
        name="tls_certificate_name",
        notation=TLS_CERTIFICATE_NAME,
        unsaid="the certificate that covers fqdn, or else the first of SMTP",
        answer=Answer.NATIVE,
        source="Set-ReceiveConnector -TlsCertificateName",
        text=(
            "The certificate that it shows to clients that ask for no name of another one, by issuer and subject; one "
            "of certificates for SMTP must be that. Of acme and provided ones the subject alone is looked at."
        ),
        test="tests/e2e/test_connector_limits.py::test_tls_is_required_where_that_is_said",
        how="Postfix's smtpd_tls_chain_files",
    ),
)

PARAMETERS = (*_WHERE, *_WHO)
