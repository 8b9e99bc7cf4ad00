"""POP3 and IMAP4: the services, and what Set-PopSettings and Set-ImapSettings set."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailpair.settings.endpoints import BINDING, CONNECTION
from mailpair.settings.names import DOMAIN
from mailpair.settings.notation import BOOLEAN, ListOf, greeting, whole_number
from mailpair.settings.record import Answer, Group, Parameter

_BANNER_LENGTH = 255


@dataclass(frozen=True, slots=True)
class _Words:
    """In what the two protocols differ."""

    group: str
    cmdlet: str
    service: str
    spoken: str
    ssl_port: int
    plain_port: int


_POP = _Words("pop_settings", "Set-PopSettings", "pop3", "POP3", 995, 110)
_IMAP = _Words("imap_settings", "Set-ImapSettings", "imap4", "IMAP4", 993, 143)


def _both_families(port: int) -> list[str]:
    return [f"0.0.0.0:{port}", f"[::]:{port}"]


def _bindings(words: _Words) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="ssl_bindings",
            notation=ListOf(BINDING),
            default=_both_families(words.ssl_port),
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -SSLBindings",
            text="Where the front service listens for clients that speak TLS from the first byte.",
            test="tests/e2e/test_settings.py::test_bindings_are_the_open_ports_and_there_are_no_others",
        ),
        Parameter(
            name="unencrypted_or_tls_bindings",
            notation=ListOf(BINDING),
            default=_both_families(words.plain_port),
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -UnencryptedOrTLSBindings",
            text=(
                "Where the front service listens for clients that begin in the clear and turn to TLS before they sign "
                "in. Nobody signs in without TLS."
            ),
            test="tests/e2e/test_settings.py::test_bindings_are_the_open_ports_and_there_are_no_others",
        ),
    )


def _connections(words: _Words) -> tuple[Parameter, ...]:
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
            test="tests/e2e/test_settings.py::test_clients_get_in_with_the_names_ports_and_encryption_that_they_are_told",
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
            test="tests/e2e/test_settings.py::test_clients_get_in_with_the_names_ports_and_encryption_that_they_are_told",
        ),
    )


def _settings(words: _Words) -> Group:
    return Group(
        words.group,
        f"How {words.spoken} is served, on all front ends ({words.cmdlet}).",
        (
            *_connections(words),
            *_bindings(words),
            Parameter(
                name="proxy_target_port",
                notation=whole_number(1, 65535),
                default=1000 + words.ssl_port,
                answer=Answer.NATIVE,
                source=f"{words.cmdlet} -ProxyTargetPort",
                text="The port at which back ends answer front ends, and nobody else.",
                test="tests/e2e/test_settings.py::test_back_ends_answer_at_their_proxy_target_ports",
            ),
            Parameter(
                name="x509_certificate_name",
                notation=DOMAIN,
                unsaid="the names in the connection settings",
                answer=Answer.NATIVE,
                source=f"{words.cmdlet} -X509CertificateName",
                text=(
                    "A name that the front end's certificate must speak of; one of certificates has to cover it, "
                    "where that is given."
                ),
                test="tests/e2e/test_settings.py::test_clients_get_in_with_the_names_ports_and_encryption_that_they_are_told",
            ),
            Parameter(
                name="banner",
                notation=greeting(_BANNER_LENGTH),
                default=f"The {words.spoken} service is ready.",
                answer=Answer.NATIVE,
                source=f"{words.cmdlet} -Banner",
                text="What a client is greeted with. It names no product unless you say so.",
                test="tests/e2e/test_settings.py::test_banners_greet_and_a_server_s_own_goes_before_the_site_s",
            ),
        ),
    )


def _service(words: _Words) -> Group:
    exchange = f"Microsoft Exchange {words.spoken}"
    return Group(
        words.service,
        f"The two {words.spoken} services. Clients need both, so one without the other is refused.",
        (
            Parameter(
                name="front_end",
                notation=BOOLEAN,
                default=False,
                answer=Answer.NATIVE,
                source=f"the service {exchange}",
                text="Whether front ends let clients in.",
                test="tests/e2e/test_changes.py::test_services_go_off_and_come_back_with_one_up_each",
            ),
            Parameter(
                name="back_end",
                notation=BOOLEAN,
                default=False,
                answer=Answer.NATIVE,
                source=f"the service {exchange} Backend",
                text="Whether back ends answer front ends.",
                test="tests/e2e/test_changes.py::test_services_go_off_and_come_back_with_one_up_each",
            ),
        ),
    )


SERVICES = Group(
    "services",
    "Which services run. All four are off until they are turned on, as in Exchange Server 2013.",
    (_service(_POP), _service(_IMAP)),
)
POP_SETTINGS = _settings(_POP)
IMAP_SETTINGS = _settings(_IMAP)


def _in_place_of(settings: Group) -> Group:
    return Group(
        settings.name,
        f"In place of {settings.name}, for this server. What is not said here is taken from there.",
        tuple(
            replace(each, default=None, unsaid=f"as in {settings.name}", text=f"As in {settings.name}.")
            for each in settings.members
            # Front ends ask the back end that a mailbox is on, so its port is the same for the whole site.
            if isinstance(each, Parameter) and each.name != "proxy_target_port"
        ),
    )


SERVER_SETTINGS = Group(
    "servers",
    "What one front end has in place of the settings above (Set-PopSettings -Server).",
    (_in_place_of(POP_SETTINGS), _in_place_of(IMAP_SETTINGS)),
)
