"""The records agree with themselves, with the values that they become, and with the tests that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mailpair.settings.accounts import MAILBOX
from mailpair.settings.acme import ACME, DNS
from mailpair.settings.backup import BACKUP
from mailpair.settings.certificates import CERTIFICATE, PROVIDED
from mailpair.settings.connectors import RECEIVE_CONNECTOR, SEND_CONNECTOR
from mailpair.settings.describe import describe
from mailpair.settings.dkim import DKIM_SIGNING_CONFIG
from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.guessing import WRONG_PASSWORDS
from mailpair.settings.metrics import METRICS
from mailpair.settings.notation import ListOf
from mailpair.settings.pages import PAGES
from mailpair.settings.parity import parity
from mailpair.settings.protocols import IMAP_SETTINGS, POP_SETTINGS
from mailpair.settings.quotas import MAILBOX_DATABASE
from mailpair.settings.record import Group, Named, Parameter
from mailpair.settings.upgrades import SECURITY_UPGRADES
from mailpair.settings.web_site import WEB_SITE
from mailpair.settings.welcome import WELCOME_MESSAGE
from mailpair.site.model import (
    Acme,
    AcmeDns,
    Backup,
    Certificate,
    DkimSigningConfig,
    Mailbox,
    MailboxDatabase,
    Metrics,
    ProtocolSettings,
    Provided,
    ReceiveConnector,
    SecurityUpgrades,
    SendConnector,
    WebSite,
    WelcomeMessage,
    WrongPasswords,
)

ROOT = Path(__file__).parents[3]


def parameters(group: Group, path: str = "") -> Iterator[tuple[str, Parameter]]:
    for member in group.members:
        match member:
            case Parameter():
                yield f"{path}{member.name}", member
            case Group():
                yield from parameters(member, f"{path}{member.name}.")
            case Named():
                yield from parameters(member.group, f"{path}{member.name}[].")


ALL = {path: parameter for document in (SITE, MAILBOXES) for path, parameter in parameters(document)}


@pytest.mark.parametrize("parameter", ALL.values(), ids=list(ALL))
def test_a_record_is_whole(parameter: Parameter) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", parameter.name)
    assert parameter.source
    assert parameter.text.endswith(".")
    # What is not said has a default, or words for what then holds, or must be said: one of the three.
    assert [parameter.default is not None, bool(parameter.unsaid), parameter.required].count(True) == 1
    if parameter.default is not None:
        parse(parameter, parameter.default)


@pytest.mark.parametrize("parameter", ALL.values(), ids=list(ALL))
def test_a_record_names_tests_that_exist(parameter: Parameter) -> None:
    path, _, name = parameter.test.partition("::")
    assert name, parameter.test
    assert re.search(rf"^def {re.escape(name)}\(", (ROOT / path).read_text(), re.MULTILINE), parameter.test


def parse(parameter: Parameter, raw: Any) -> None:
    if isinstance(parameter.notation, ListOf):
        for item in raw:
            parameter.notation.item.parse(item)
    else:
        parameter.notation.parse(raw)


@pytest.mark.parametrize(
    ("group", "model"),
    [
        (POP_SETTINGS, ProtocolSettings),
        (IMAP_SETTINGS, ProtocolSettings),
        (RECEIVE_CONNECTOR, ReceiveConnector),
        (SEND_CONNECTOR, SendConnector),
        (CERTIFICATE, Certificate),
        (ACME, Acme),
        (DNS, AcmeDns),
        (PROVIDED, Provided),
        (DKIM_SIGNING_CONFIG, DkimSigningConfig),
        (MAILBOX_DATABASE, MailboxDatabase),
        (WEB_SITE, WebSite),
        (WELCOME_MESSAGE, WelcomeMessage),
        (SECURITY_UPGRADES, SecurityUpgrades),
        (WRONG_PASSWORDS, WrongPasswords),
        (METRICS, Metrics),
        (BACKUP, Backup),
        (MAILBOX, Mailbox),
    ],
)
def test_each_setting_is_a_field_of_the_site_and_the_other_way_round(group: Group, model: Any) -> None:
    chosen = {"name", "address", "domain"}
    kept = {field.name for field in fields(model)} - chosen
    assert kept <= {member.name for member in group.members}
    # What has but one value is nothing that a Site must tell.
    assert {each.name for each in group.members if not (isinstance(each, Parameter) and each.settled)} <= kept


def test_what_is_ready_differs_only_in_settings_that_exist() -> None:
    for named in (each for document in (SITE, MAILBOXES) for each in document.members if isinstance(each, Named)):
        for name, settings in named.ready.items():
            named.key.parse(name)
            for setting, raw in settings.items():
                member = named.group.member(setting)
                assert isinstance(member, Parameter)
                parse(member, raw)


@pytest.mark.parametrize("path", PAGES)
def test_what_is_made_from_the_records_is_current(path: str) -> None:
    """``make docs`` makes it so."""
    assert (ROOT / path).read_text(encoding="utf-8") == PAGES[path]()


def test_the_page_about_exchange_has_every_setting_once() -> None:
    page = parity((SITE, MAILBOXES))
    for path in ALL:
        if not path.startswith("servers"):
            assert page.count(f"| `{path.replace('[]', '[NAME]')}` |") == 1, path


def test_what_is_no_setting_is_not_one_elsewhere() -> None:
    """A name that is a setting of a group is no stranger to it."""
    for group in (POP_SETTINGS, IMAP_SETTINGS, RECEIVE_CONNECTOR, SEND_CONNECTOR, CERTIFICATE, MAILBOX):
        assert group.strangers
        assert not {each.name for each in group.members} & set(group.strangers)


def test_the_page_about_settings_has_them_all() -> None:
    page = describe((SITE, MAILBOXES))
    for path, parameter in ALL.items():
        assert f"| `{parameter.name}` | {parameter.text} | {parameter.notation.said}" in page, path
