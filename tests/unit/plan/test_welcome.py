from __future__ import annotations

from dataclasses import fields, replace
from enum import Enum
from typing import Any

import pytest

from mailpair.plan import welcome
from mailpair.plan.welcome import ADDRESS, WelcomePlan
from mailpair.publish.welcome import welcome as of_mailbox
from mailpair.servers import Role, Server
from mailpair.site.model import CalendarItemRetrievalOption, Kind, Language, Mailbox, WelcomeMessage
from tests.unit.plan.sites import mailbox
from tests.unit.publish.test_clients import PUBLISHED, SERVERS

BACK = next(each for each in SERVERS if each.role is Role.MAILBOX)
OTHER = Server("back2", Role.MAILBOX, "back2.contoso.test", ("10.0.0.14",))
ADA, BOB = mailbox("ada@contoso.test"), mailbox("bob@contoso.test")
NO_POP = replace(mailbox("carol@contoso.test"), pop_enabled=False)
SITE = replace(PUBLISHED, welcome_message=WelcomeMessage(enabled=True, languages=(Language.EN,)))


def planned(*mailboxes: object, server: Server = BACK) -> WelcomePlan:
    made = welcome.plan(replace(SITE, mailboxes=mailboxes), (*SERVERS, OTHER), server)  # type: ignore[arg-type]
    assert made
    return made


def test_mailboxes_share_the_texts_that_are_alike() -> None:
    made = planned(ADA, BOB, NO_POP)
    assert made.mailboxes == {"ada@contoso.test": 0, "bob@contoso.test": 0, "carol@contoso.test": 1}
    assert [text.text.count(ADDRESS) for text in made.texts] == [1, 1]
    assert ["Reading: POP" in text.text for text in made.texts] == [True, False]
    assert made.sender == "postmaster@contoso.test"


def another(value: Any) -> Any:
    """A value of the same type that is not the same."""
    match value:
        case bool():
            return not value
        case Enum():
            return next(each for each in type(value) if each is not value)
        case tuple():
            return ("further@contoso.test",)
    return 1


@pytest.mark.parametrize("name", [each.name for each in fields(Mailbox) if each.name not in ("address", "server")])
def test_each_mailbox_has_the_text_that_is_its_own(name: str) -> None:
    links = replace(SITE.imap_settings, calendar_item_retrieval_option=CalendarItemRetrievalOption.INTRANET_URL)
    site = replace(SITE, imap_settings=links)
    other = replace(BOB, **{name: another(getattr(BOB, name))})
    made = welcome.plan(replace(site, mailboxes=(ADA, other)), SERVERS, BACK)
    assert made
    for each in (ADA, other):
        own = of_mailbox(site, SERVERS, replace(each, address=ADDRESS))
        assert (made.texts[made.mailboxes[each.address]] if own else made.mailboxes.get(each.address)) == own


def test_who_has_nothing_to_use_is_left_out() -> None:
    disabled = replace(BOB, account_disabled=True)
    made = planned(ADA, disabled, mailbox("root@contoso.test", kind=Kind.ADMINISTRATOR))
    assert [*made.mailboxes] == ["ada@contoso.test"]


def test_each_back_end_has_its_own_mailboxes() -> None:
    boxes = (ADA, mailbox("bob@contoso.test", server="back2"))
    assert [[*planned(*boxes, server=server).mailboxes] for server in (BACK, OTHER)] == [
        ["ada@contoso.test"],
        ["bob@contoso.test"],
    ]


def test_there_is_nothing_to_do_while_it_is_off() -> None:
    assert welcome.plan(replace(PUBLISHED, mailboxes=(ADA,)), SERVERS, BACK) is None
