"""Profiles for Apple's Mail: a user's own, signed, and for what the mailbox may use."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.portal.conftest import DATA, World
from tests.portal.signer import MARK
from tests.portal.test_app import SETTINGS, Visitor

if TYPE_CHECKING:
    from pathlib import Path


def downloaded(world: World, user: str, protocol: str) -> dict[str, Any]:
    visitor = Visitor(world)
    visitor.sign_in(f"{user}@contoso.test")
    answer = visitor.get(f"/profile/{protocol}.mobileconfig")
    assert answer.status_code == 200
    assert answer.mimetype == "application/x-apple-aspen-config"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=contoso.test-{protocol}.mobileconfig"
    assert answer.data.startswith(MARK)
    found: dict[str, Any] = plistlib.loads(answer.data.removeprefix(MARK))
    return found


def test_a_profile_is_the_user_s_own(world: World) -> None:
    made = downloaded(world, "ada", "imap")
    assert made["PayloadDisplayName"] == "ada@contoso.test (IMAP)"
    mail, *authorities = made["PayloadContent"]
    assert mail == {"EmailAddress": "ada@contoso.test", "EmailAccountType": "EmailTypeIMAP"}
    assert [each["PayloadContent"] for each in authorities] == [b"first CA", b"second CA"]
    assert made["PayloadIdentifier"] == f"mailpair.{made['PayloadUUID'].lower()}"


def test_identifiers_are_the_same_each_time_and_each_user_s_own(world: World) -> None:
    first, again, other = (downloaded(world, user, "imap") for user in ("ada", "ada", "carol"))
    assert first == again
    seen = [made["PayloadUUID"] for made in (first, other, *first["PayloadContent"][1:], *other["PayloadContent"][1:])]
    assert len({*seen}) == 6
    assert DATA["profiles"]["imap"]["PayloadUUID"] not in seen


def test_where_devices_know_the_ca_it_is_left_out(world: World) -> None:
    world.publish({**DATA, "authority": None})
    assert len(downloaded(world, "ada", "pop")["PayloadContent"]) == 1


@pytest.mark.parametrize(("user", "protocol"), [("carol", "pop"), ("dora", "imap"), ("ada", "smtp"), ("ada", "x")])
def test_there_is_none_for_what_is_off(world: World, user: str, protocol: str) -> None:
    visitor = Visitor(world)
    visitor.sign_in(f"{user}@contoso.test")
    assert visitor.get(f"/profile/{protocol}.mobileconfig").status_code == 404
    assert f"/profile/{protocol}" not in visitor.get(SETTINGS).text


def test_without_a_session_there_is_none(world: World) -> None:
    assert Visitor(world).get("/profile/imap.mobileconfig").location == "/sign-in?again=1"


def test_what_is_not_signed_is_not_given_out(world: World, tmp_path: Path) -> None:
    (tmp_path / "signer").unlink()
    visitor = Visitor(world)
    visitor.sign_in("ada@contoso.test")
    answer = visitor.get("/profile/imap.mobileconfig")
    assert answer.status_code == 500
    assert "That did not work." in answer.text
