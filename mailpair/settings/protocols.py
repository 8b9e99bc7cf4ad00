"""POP3 and IMAP4: the services, and what Set-PopSettings and Set-ImapSettings set."""

from __future__ import annotations

from dataclasses import replace

from mailpair.settings import calendars, protocol_logs, publishing, sessions
from mailpair.settings.notation import BOOLEAN, nothing
from mailpair.settings.protocol_words import IMAP, POP, ProtocolWords
from mailpair.settings.record import Answer, Group, Parameter
from mailpair.settings.strangers import OF_PROTOCOLS


def _settings(words: ProtocolWords) -> Group:
    return Group(
        words.group,
        f"How {words.spoken} is served, on all front ends ({words.cmdlet}).",
        (
            *publishing.parameters(words),
            *sessions.parameters(words),
            *calendars.parameters(words),
            *protocol_logs.parameters(words),
        ),
        OF_PROTOCOLS,
    )


def _service(words: ProtocolWords) -> Group:
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
                how="Dovecot's login processes and their listeners on front ends",
            ),
            Parameter(
                name="back_end",
                notation=BOOLEAN,
                default=False,
                answer=Answer.NATIVE,
                source=f"the service {exchange} Backend",
                text="Whether back ends answer front ends.",
                test="tests/e2e/test_changes.py::test_services_go_off_and_come_back_with_one_up_each",
                how="Dovecot's listeners on back ends",
            ),
        ),
    )


SERVICES = Group(
    "services",
    "Which services run. All four are off until they are turned on, as in Exchange Server 2013.",
    (_service(POP), _service(IMAP)),
)
POP_SETTINGS = _settings(POP)
IMAP_SETTINGS = _settings(IMAP)

# What back ends do, or front ends ask of them, is the same for the whole site.
_FOR_THE_SITE = {
    "proxy_target_port": "front ends ask the back end that a mailbox is on",
    "max_command_size": "back ends keep it",
    "calendar_item_retrieval_option": "back ends do it as mail is delivered",
    "owa_server_url": "back ends do it as mail is delivered",
}


def _in_place_of(settings: Group) -> Group:
    return Group(
        settings.name,
        f"In place of {settings.name}, for this server. What is not said here is taken from there.",
        tuple(_own(each, settings.name) for each in settings.members if isinstance(each, Parameter)),
        OF_PROTOCOLS,
    )


def _own(parameter: Parameter, group: str) -> Parameter:
    if reason := _FOR_THE_SITE.get(parameter.name):
        return replace(
            parameter,
            notation=nothing(f"it is the same for the whole site, since {reason}; set it in {group}"),
            answer=Answer.REFUSED,
            default=None,
            unsaid=f"as in {group}",
            text=f"The whole site's: see {group}.",
            exchange_default="",
        )
    return replace(
        parameter, default=None, unsaid=f"as in {group}", text=f"As in {group}.", exchange_default="", how=""
    )


SERVER_SETTINGS = Group(
    "servers",
    "What one front end has in place of the settings above (Set-PopSettings -Server).",
    (_in_place_of(POP_SETTINGS), _in_place_of(IMAP_SETTINGS)),
)
