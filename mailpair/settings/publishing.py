"""POP3 and IMAP4: where they listen, under which name, and what users are told of it."""

from __future__ import annotations

from mailpair.settings.endpoints import BINDING, CONNECTION
from mailpair.settings.names import DOMAIN
from mailpair.settings.notation import ListOf, whole_number
from mailpair.settings.protocol_words import ProtocolWords
from mailpair.settings.record import Answer, Parameter
from mailpair.settings.texts import greeting

_BANNER_LENGTH = 255
_OPEN_PORTS = "tests/e2e/test_settings.py::test_bindings_are_the_open_ports_and_there_are_no_others"
_AS_TOLD = "tests/e2e/test_settings.py::test_clients_get_in_with_the_names_ports_and_encryption_that_they_are_told"


def parameters(words: ProtocolWords) -> tuple[Parameter, ...]:
    """The records of one protocol."""
    return (*_connections(words), *_bindings(words), *_names(words))


def _both_families(port: int) -> list[str]:
    return [f"0.0.0.0:{port}", f"[::]:{port}"]


def _connections(words: ProtocolWords) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="external_connection_settings",
            notation=ListOf(CONNECTION),
            default=[],
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -ExternalConnectionSettings",
            text=(
                "What users outside are told to enter in their mail programs. Nothing is published while it is empty. "
                "Each port must be bound with that encryption: a load balancer or router in front has to keep port "
                "numbers, and where it cannot, the outside port is bound here as well."
            ),
            test=_AS_TOLD,
            how="published to clients; a setting without encryption is refused",
        ),
        Parameter(
            name="internal_connection_settings",
            notation=ListOf(CONNECTION),
            unsaid="each front end's own name, with the ports that it listens on",
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -InternalConnectionSettings",
            text=(
                "What users inside are told. The default is published once external_connection_settings is set, an "
                "empty list never."
            ),
            test=_AS_TOLD,
            exchange_default=f"FQDN:{words.ssl_port}:SSL, FQDN:{words.plain_port}:TLS",
            how="published to clients; a setting without encryption is refused",
        ),
    )


def _bindings(words: ProtocolWords) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="ssl_bindings",
            notation=ListOf(BINDING),
            default=_both_families(words.ssl_port),
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -SSLBindings",
            text="Where the front service listens for clients that speak TLS from the first byte.",
            test=_OPEN_PORTS,
            how="one listener of Dovecot's a binding; changed by reload",
        ),
        Parameter(
            name="unencrypted_or_tls_bindings",
            notation=ListOf(BINDING),
            default=_both_families(words.plain_port),
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -UnencryptedOrTLSBindings",
            text=(
                "Where the front service listens for clients that begin in the clear and turn to TLS before they sign "
                "in. No password crosses without TLS."
            ),
            test=_OPEN_PORTS,
            how="one listener of Dovecot's a binding; changed by reload",
        ),
        Parameter(
            name="proxy_target_port",
            notation=whole_number(1, 65535),
            default=1000 + words.ssl_port,
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -ProxyTargetPort",
            text="The port at which back ends answer front ends, and nobody else.",
            test="tests/e2e/test_settings.py::test_back_ends_answer_at_their_proxy_target_ports",
            how="Dovecot's listener on back ends, the proxy's port on front ends, the firewall of back ends",
        ),
    )


def _names(words: ProtocolWords) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="x509_certificate_name",
            notation=DOMAIN,
            unsaid="the certificate of the first name that clients are told",
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -X509CertificateName",
            text=(
                "Whose certificate clients are shown that ask for no name, or for one that no certificate has: a name "
                "of the connection settings, or the front end's own. One of the protocol's certificates has to cover "
                "it, where there are any."
            ),
            test="tests/e2e/test_settings.py::test_each_protocol_shows_the_certificate_that_it_asks_for",
            how="Dovecot's ssl_server_cert_file for the protocol",
        ),
        Parameter(
            name="banner",
            notation=greeting(_BANNER_LENGTH),
            default=f"The {words.spoken} service is ready.",
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -Banner",
            text="What a client is greeted with. It names no product unless you say so.",
            test="tests/e2e/test_settings.py::test_banners_greet_and_a_server_s_own_goes_before_the_site_s",
            exchange_default=f"The Microsoft Exchange {words.spoken} service is ready.",
            how="Dovecot's login_greeting, on front ends",
        ),
    )
