"""What a run left behind is kept as it was, by server, and what is no record says so."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mailpair.applied import Applied, last_applied, remember, remember_mailbox
from mailpair.servers import Role, Server
from mailpair.state import SiteState, StateError

SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::11")),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",)),
)
BEFORE = Applied(
    {"pop_settings.banner": "Ready.", "mailboxes[ada@contoso.test].server": "back1"},
    SERVERS,
    {"base": {"packages": ["nftables"]}},
)


@pytest.fixture
def state(tmp_path: Path) -> SiteState:
    return SiteState(tmp_path)


def test_it_is_kept_as_it_was(state: SiteState) -> None:
    assert last_applied(state) == {}
    remember(state, "front1", BEFORE)
    remember(state, "back1", replace(BEFORE, plan={}))
    assert last_applied(state) == {"back1": replace(BEFORE, plan={}), "front1": BEFORE}


def test_nobody_else_reads_it(state: SiteState) -> None:
    remember(state, "front1", BEFORE)
    assert stat.S_IMODE((state.root / "applied").stat().st_mode) == 0o700
    assert stat.S_IMODE((state.root / "applied" / "front1.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "settings": {}}', "null", "1"])
def test_what_is_no_record_says_so(state: SiteState, text: str) -> None:
    state.remember("front1", text)
    with pytest.raises(StateError) as caught:
        last_applied(state)
    assert str(caught.value) == (
        "the record of what was last applied to front1 can't be read; remove applied/front1.json from the private "
        "folder, and the next run makes it anew"
    )


def test_mailboxes_alone_are_kept_with_what_stands_beside_them(state: SiteState) -> None:
    remember(state, "front1", BEFORE)
    after = Applied({"pop_settings.banner": "Ready.", "mailboxes[bob@contoso.test].server": "back1"}, SERVERS, {"x": 1})
    remember(state, "front1", after, mailboxes_alone=True)
    assert last_applied(state)["front1"] == after


def test_mailboxes_alone_leave_other_settings_that_were_not_applied(state: SiteState) -> None:
    remember(state, "front1", BEFORE)
    after = Applied({"pop_settings.banner": "Welcome.", "mailboxes[bob@contoso.test].server": "back1"}, (), {"x": 1})
    remember(state, "front1", after, mailboxes_alone=True)
    assert last_applied(state)["front1"] == replace(
        BEFORE, settings={"pop_settings.banner": "Ready.", "mailboxes[bob@contoso.test].server": "back1"}
    )


def test_mailboxes_alone_are_not_all_of_a_server(state: SiteState) -> None:
    remember(state, "front1", BEFORE, mailboxes_alone=True)
    assert last_applied(state) == {}


BOB = {"mailboxes[bob@contoso.test].server": "back1", "mailboxes[bob@contoso.test].kind": "user"}


def test_one_mailbox_is_kept_beside_the_rest(state: SiteState) -> None:
    remember(state, "front1", BEFORE)
    remember_mailbox(state, "front1", "bob@contoso.test", BOB)
    assert last_applied(state) == {"front1": replace(BEFORE, settings={**BEFORE.settings, **BOB}, added=True)}
    remember_mailbox(state, "front1", "bob@contoso.test", {})
    assert last_applied(state) == {"front1": replace(BEFORE, added=True)}


def test_what_all_of_them_say_later_counts(state: SiteState) -> None:
    remember(state, "front1", BEFORE)
    remember_mailbox(state, "front1", "bob@contoso.test", BOB)
    remember(state, "front1", BEFORE)
    assert last_applied(state) == {"front1": BEFORE}


def test_one_mailbox_that_is_no_record_says_so(state: SiteState) -> None:
    remember(state, "front1", BEFORE)
    state.remember_later("front1", "bob@contoso.test", "{}")
    with pytest.raises(StateError) as caught:
        last_applied(state)
    assert str(caught.value) == (
        "the record of what was last applied to front1 can't be read; remove applied/front1/bob@contoso.test.json from "
        "the private folder, and the next run makes it anew"
    )


def test_one_mailbox_is_not_kept_where_nothing_was_applied_yet(state: SiteState) -> None:
    remember_mailbox(state, "front1", "bob@contoso.test", BOB)
    assert last_applied(state) == {}
