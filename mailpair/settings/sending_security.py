"""Send connectors: signing in and TLS, and what only Exchange itself has a use for (New- and Set-SendConnector)."""

from __future__ import annotations

from typing import Any

from mailpair.settings.names import CERTIFICATE_NAME, CREDENTIAL
from mailpair.settings.notation import BOOLEAN, Notation, nothing, only, only_word, word
from mailpair.settings.record import WORD_FOR_WORD, Answer, Parameter
from mailpair.settings.texts import TLS_CERTIFICATE_NAME
from mailpair.settings.values import ConnectorType, ErrorPolicies, SmartHostAuth, TlsAuthLevel

_SECURITY = (
    Parameter(
        name="smart_host_auth_mechanism",
        notation=word(
            SmartHostAuth, refused={SmartHostAuth.BASIC_AUTH: "BasicAuth lets a password cross in the clear"}
        ),
        default="None",
        answer=Answer.NATIVE,
        source="Set-SendConnector -SmartHostAuthMechanism",
        text=(
            "How the site signs in to smart hosts: with a credential under TLS (BasicAuthRequireTLS), with the front "
            "end's certificate (ExchangeServer), or not at all (None, and ExternalAuthoritative, where the smart host "
            "knows the site by its address)."
        ),
        test="tests/e2e/test_mail_out.py::test_a_smart_host_takes_it_after_a_login_under_tls",
        how="Postfix's smtp_sasl_auth_enable and smtp_tls_chain_files",
        exchange_accepts="BasicAuth as well",
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
        how="Postfix's smtp_sasl_password_maps, readable to root alone",
    ),
    Parameter(
        name="require_tls",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-SendConnector -RequireTLS",
        text="Whether mail stays here rather than leave without TLS. Signing in always requires TLS.",
        test="tests/e2e/test_send_connectors.py::test_without_tls_mail_stays_where_it_is_required",
        how="Postfix's smtp_tls_security_level = encrypt",
    ),
    Parameter(
        name="ignore_starttls",
        notation=BOOLEAN,
        default=False,
        answer=Answer.NATIVE,
        source="Set-SendConnector -IgnoreSTARTTLS",
        text="Whether mail leaves in the clear even where the other server offers TLS.",
        test="tests/e2e/test_send_connectors.py::test_tls_is_left_aside_where_it_is_to_be_ignored",
        how="Postfix's smtp_tls_security_level = none",
    ),
    Parameter(
        name="tls_auth_level",
        notation=word(TlsAuthLevel),
        unsaid="TLS without a look at the certificate, or none",
        answer=Answer.NATIVE,
        source="Set-SendConnector -TlsAuthLevel",
        text=(
            "What the other server's certificate must show, with require_tls: nothing (EncryptionOnly), that it is "
            "valid (CertificateValidation; its name is looked at as well), that it is valid for tls_domain "
            "(DomainValidation)."
        ),
        test="tests/e2e/test_send_connectors.py::test_the_level_says_what_a_certificate_must_show",
        how="Postfix's smtp_tls_security_level: encrypt, verify or secure",
    ),
    Parameter(
        name="tls_domain",
        notation=CERTIFICATE_NAME,
        unsaid="the recipient's domain",
        answer=Answer.NATIVE,
        source="Set-SendConnector -TlsDomain",
        text="The name that DomainValidation asks of the certificate; with smart_hosts it must be given.",
        test="tests/e2e/test_send_connectors.py::test_the_domain_is_the_name_that_a_certificate_must_have",
        how="Postfix's smtp_tls_secure_cert_match",
    ),
    Parameter(
        name="tls_certificate_name",
        notation=TLS_CERTIFICATE_NAME,
        unsaid="no certificate is shown",
        answer=Answer.NATIVE,
        source="Set-SendConnector -TlsCertificateName",
        text="The certificate that it shows, by issuer and subject; one of the source private must be that.",
        test="tests/e2e/test_send_connectors.py::test_a_certificate_is_shown_where_one_is_named",
        how="Postfix's smtp_tls_chain_files",
    ),
)


def _only_default(name: str, parameter: str, notation: Notation[Any], default: object, reason: str) -> Parameter:
    return Parameter(
        name=name,
        notation=notation,
        default=default,
        answer=Answer.REFUSED,
        source=f"Set-SendConnector -{parameter}",
        text=f"Only {notation.said} is taken: {reason}.",
        test=WORD_FOR_WORD,
    )


def _only_off(name: str, parameter: str, reason: str) -> Parameter:
    return _only_default(name, parameter, only(BOOLEAN, value=False, reason=reason), default=False, reason=reason)


_ORGANISATION = "a connector is known to the whole site"
_EXCHANGE_ONLINE = "it is for mail between Exchange and Exchange Online"

_REFUSED = (
    _only_off("domain_secure_enabled", "DomainSecureEnabled", "it is mutual TLS with partners that Exchange knows"),
    _only_default(
        "error_policies",
        "ErrorPolicies",
        only_word(ErrorPolicies, ErrorPolicies.DEFAULT, "errors mean what the standard says"),
        "Default",
        "errors mean what the standard says",
    ),
    _only_off("use_external_dns_servers_enabled", "UseExternalDNSServersEnabled", "a server has one set of resolvers"),
    _only_off("is_scoped_connector", "IsScopedConnector", _ORGANISATION),
    _only_off("frontend_proxy_enabled", "FrontendProxyEnabled", "mail leaves through front ends in any case"),
    _only_off("cloud_services_mail_enabled", "CloudServicesMailEnabled", _EXCHANGE_ONLINE),
    _only_off("require_oorg", "RequireOorg", _EXCHANGE_ONLINE),
    _only_off("is_coexistence_connector", "IsCoexistenceConnector", _EXCHANGE_ONLINE),
    _only_default(
        "connector_type",
        "ConnectorType",
        only_word(ConnectorType, ConnectorType.DEFAULT, _EXCHANGE_ONLINE),
        "Default",
        _EXCHANGE_ONLINE,
    ),
    Parameter(
        name="linked_receive_connector",
        notation=nothing("mail is sent on by its recipients, not by where it came in"),
        unsaid="nothing",
        answer=Answer.REFUSED,
        source="Set-SendConnector -LinkedReceiveConnector",
        text="Must not be given: mail is sent on by its recipients, not by where it came in.",
        test=WORD_FOR_WORD,
    ),
)

PARAMETERS = (*_SECURITY, *_REFUSED)
