"""The page without a browser: who gets in, what they see, what they are told when they don't."""

from __future__ import annotations

import copy
import re
import threading
import time
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest

from portal.languages import LANGUAGES
from portal.sessions import IDLE, LONGEST
from tests.portal.conftest import DATA, NOTHING, PASSWORD, World

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

SETTINGS = "/options/account/settings"
ORIGIN = "https://mail.contoso.test"
REFUSED = "The address or the password is not right, or this mailbox may not sign in."


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, world: World, language: str = "en", address: str = "192.0.2.7") -> None:
        self.client = world.app.test_client()
        self.options: dict[str, Any] = {
            "base_url": ORIGIN,
            "headers": {"Accept-Language": language, "Referer": f"{ORIGIN}/"},
            "environ_base": {"REMOTE_ADDR": address},
        }

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, **self.options)

    def post(self, path: str, **form: str) -> TestResponse:
        return self.client.post(path, data=form, **self.options)

    def sign_in(self, user: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/sign-in", user=user, password=password, csrf_token=token(self.get("/sign-in").text))

    def sign_out(self) -> TestResponse:
        return self.post("/sign-out", csrf_token=token(self.get(SETTINGS).text))

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("__Host-session", domain="mail.contoso.test")
        assert found
        return found.value


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def rows(page: TestResponse) -> list[list[str]]:
    """The rows of the tables, as text."""
    cells = (re.findall(r"<t[hd] role=.*?</t[hd]>", row, re.DOTALL) for row in page.text.split("<tr")[1:])
    stripped = ([re.sub(r"<span.*?</span>|<[^>]+>", "", cell).strip() for cell in row] for row in cells)
    return [row for row in stripped if row[0] != "Protocol"]


@pytest.fixture
def ada(world: World) -> Visitor:
    visitor = Visitor(world)
    assert visitor.sign_in("ada@contoso.test").status_code == 303
    return visitor


def test_the_settings_are_those_that_are_published(ada: Visitor) -> None:
    page = ada.get(SETTINGS)
    assert rows(page) == [
        ["POP", "mail.contoso.test", "995", "SSL/TLS"],
        ["IMAP", "mail.contoso.test", "993", "SSL/TLS"],
        ["SMTP", "mail.contoso.test", "587", "STARTTLS"],
        ["POP", "front1.contoso.test", "995", "SSL/TLS"],
        ["IMAP", "front1.contoso.test", "993", "SSL/TLS"],
        ["IMAP", "front1.contoso.test", "143", "STARTTLS"],
        ["SMTP", "mail.contoso.test", "587", "STARTTLS"],
    ]
    assert page.text.index("On the road and at home") < page.text.index("In the office")


def test_settings_that_are_the_same_everywhere_are_shown_once(world: World, ada: Visitor) -> None:
    outside = DATA["settings"]["outside"]
    world.publish({**DATA, "settings": {"outside": outside, "inside": outside}})
    page = ada.get(SETTINGS)
    assert [row[0] for row in rows(page)] == ["POP", "IMAP", "SMTP"]
    assert "Everywhere" in page.text


def test_a_switched_off_protocol_is_said_to_be_off_and_its_settings_are_gone(world: World) -> None:
    for user, there, off in (("carol", "IMAP", "POP"), ("dora", "POP", "IMAP")):
        visitor = Visitor(world)
        visitor.sign_in(f"{user}@contoso.test")
        page = visitor.get(SETTINGS)
        assert {row[0] for row in rows(page)} == {there, "SMTP"}
        state = re.findall(r'<div class="(\w+)"><dt>(\w+)</dt>', page.text)
        assert sorted(state) == sorted([("on", there), ("off", off)])
        assert f"Choose {there}." in page.text
        assert ("leave a copy of messages" in page.text) is (there == "POP")


def test_before_publication_there_is_nothing_to_look_up(world: World, ada: Visitor) -> None:
    world.publish(NOTHING)
    page = ada.get(SETTINGS)
    assert "There are no settings to look up." in page.text
    assert "Please ask your administrator" in page.text
    assert rows(page) == []
    assert re.findall(r'<div class="(\w+)"><dt>(\w+)</dt>', page.text) == [
        ("unpublished", "POP"),
        ("unpublished", "IMAP"),
    ]
    assert "mail.contoso.test" not in page.text


def test_a_change_is_seen_at_once_and_nobody_is_signed_out(world: World, ada: Visitor) -> None:
    changed = copy.deepcopy(DATA)
    changed["settings"]["outside"]["imap"][0]["server"] = "imap.contoso.test"
    changed["mailboxes"]["ada@contoso.test"]["pop"] = False
    world.publish(changed)
    assert rows(ada.get(SETTINGS))[0] == ["IMAP", "imap.contoso.test", "993", "SSL/TLS"]


def test_a_file_that_is_broken_leaves_what_was_published(
    world: World, ada: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    world.file.write_text("{")
    assert len(rows(ada.get(SETTINGS))) == 7
    assert "what was published before stays" in caplog.text


def test_without_a_file_nobody_gets_in_and_nothing_is_told(world: World) -> None:
    world.file.unlink()
    page = Visitor(world).get("/sign-in")
    assert page.status_code == 500
    assert "That did not work." in page.text
    assert "portal.json" not in page.text


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ada@contoso.test", "wrong"),
        ("nobody@contoso.test", PASSWORD),
        ("disabled@contoso.test", PASSWORD),  # known to Dovecot, but not of those who may
        ("nobody@decoy.invalid", PASSWORD),  # whose hash stands in for those of unknown users
        ("ada", PASSWORD),
        ("ada@contoso.test\0", PASSWORD),
        ("ada@contoso.test", PASSWORD + "\0" * 2000),
        ("", ""),
    ],
    ids=repr,
)
def test_everyone_who_does_not_get_in_is_told_the_same(world: World, user: str, password: str) -> None:
    page = Visitor(world).sign_in(user, password)
    plain = Visitor(world).sign_in("ada@contoso.test", "other")
    assert page.status_code == 403

    def whole(answer: TestResponse) -> str:
        return re.sub(r'value="[^"]*"', "", answer.text)

    assert whole(page) == whole(plain)
    assert REFUSED in page.text
    assert len(world.dovecot.asked) == 2  # once each, so that both cost a hash


def test_the_password_of_somebody_unknown_is_checked_as_well(world: World) -> None:
    world.dovecot.passwords = {**world.dovecot.passwords, "nobody@contoso.test": "guessed"}
    assert Visitor(world).sign_in("nobody@contoso.test", "guessed").status_code == 403
    fields, user, password = world.dovecot.asked[-1]
    assert (user, password) == ("nobody@contoso.test", "guessed")
    assert fields == ("AUTH", "1", "PLAIN", "service=portal", "nologin", "secured", "rip=192.0.2.7")


def test_addresses_are_taken_in_any_case(world: World) -> None:
    assert Visitor(world).sign_in(" Ada@Contoso.TEST ").status_code == 303


def test_when_dovecot_is_away_that_is_said(world: World) -> None:
    world.dovecot.reply = "FAIL\t1\tuser=ada@contoso.test\tcode=temp_fail"
    page = Visitor(world).sign_in("ada@contoso.test")
    assert page.status_code == 503
    assert "Passwords can&#39;t be checked" in page.text or "Passwords can't be checked" in page.text


def test_guesses_from_one_address_are_limited_at_a_time(world: World) -> None:
    world.dovecot.hold = threading.Event()
    visitors = [Visitor(world) for _ in range(4)]
    threads = [threading.Thread(target=each.sign_in, args=("ada@contoso.test", "guess")) for each in visitors]
    for thread in threads:
        thread.start()
    late, elsewhere = Visitor(world), Visitor(world, address="192.0.2.8")
    while len(world.dovecot.asked) < 4:
        assert threading.active_count() > 4
    assert late.sign_in("ada@contoso.test").status_code == 429
    world.dovecot.hold.set()
    for thread in threads:
        thread.join()
    assert elsewhere.sign_in("ada@contoso.test").status_code == 303
    assert late.sign_in("ada@contoso.test").status_code == 303


def test_each_check_is_somebody_of_its_own_to_dovecot(world: World) -> None:
    for _ in range(3):
        Visitor(world).sign_in("ada@contoso.test", "wrong")
    assert len({*world.dovecot.numbers}) == 3


def test_without_a_session_there_is_the_way_to_sign_in(world: World) -> None:
    answer = Visitor(world).get(SETTINGS)
    assert (answer.status_code, answer.location) == (302, "/sign-in?again=1")
    assert "Please sign in to go on." in Visitor(world).get("/sign-in?again=1").text


@pytest.mark.parametrize(("change", "out"), [(IDLE - 60, False), (IDLE + 60, True)])
def test_a_session_ends_when_it_is_not_used(
    ada: Visitor, change: int, out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = time.time() + change
    monkeypatch.setattr("time.time", lambda: then)
    assert (ada.get(SETTINGS).status_code == 302) is out


def test_a_session_ends_after_an_hour_even_if_it_is_used(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = time.time()
    for passed in range(0, LONGEST, 600):
        monkeypatch.setattr("time.time", lambda passed=passed: begin + passed)
        assert ada.get(SETTINGS).status_code == 200
    monkeypatch.setattr("time.time", lambda: begin + LONGEST + 60)
    assert ada.get(SETTINGS).status_code == 302


def test_who_has_signed_out_is_out_and_so_is_a_copy_of_the_cookie(ada: Visitor) -> None:
    cookie = ada.cookie
    assert ada.sign_out().location == "/sign-in"
    assert ada.get(SETTINGS).status_code == 302
    ada.client.set_cookie("__Host-session", cookie, domain="mail.contoso.test", secure=True)
    assert ada.get(SETTINGS).status_code == 302


def test_who_may_sign_in_no_more_is_out(world: World, ada: Visitor) -> None:
    world.publish({**DATA, "mailboxes": {"carol@contoso.test": {"pop": True, "imap": True}}})
    assert ada.get(SETTINGS).status_code == 302


def test_who_has_another_password_signs_in_again_and_nobody_else(world: World) -> None:
    world.stamp({"ada@contoso.test": "1", "carol@contoso.test": "1"})
    ada, carol = (Visitor(world), Visitor(world))
    for visitor, user in ((ada, "ada@contoso.test"), (carol, "carol@contoso.test")):
        visitor.sign_in(user)
        assert visitor.get(SETTINGS).status_code == 200
    world.stamp({"ada@contoso.test": "2", "carol@contoso.test": "1"})
    assert ada.get(SETTINGS).location == "/sign-in?again=1"
    assert carol.get(SETTINGS).status_code == 200
    ada.sign_in("ada@contoso.test")
    assert ada.get(SETTINGS).status_code == 200


def test_a_cookie_of_somebody_else_s_making_opens_nothing(world: World) -> None:
    visitor = Visitor(world)
    body, _, signature = "eyJ1c2VyIjoiYWRhQGNvbnRvc28udGVzdCJ9.aaaaaa.bbbb".rpartition(".")
    visitor.client.set_cookie("__Host-session", f"{body}.{signature}", domain="mail.contoso.test", secure=True)
    assert visitor.get(SETTINGS).status_code == 302


def test_cookies_are_for_this_host_alone_and_short(world: World) -> None:
    answer = Visitor(world).sign_in("ada@contoso.test")
    (line,) = answer.headers.getlist("Set-Cookie")
    (cookie,) = SimpleCookie(line).values()
    assert cookie.key == "__Host-session"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Strict")
    assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_signing_in_begins_a_new_session(world: World) -> None:
    visitor = Visitor(world)
    before = token(visitor.get("/sign-in").text)
    visitor.post("/sign-in", user="ada@contoso.test", password=PASSWORD, csrf_token=before)
    assert visitor.post("/sign-out", csrf_token=before).status_code == 400
    assert visitor.get(SETTINGS).status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_that_is_not_ours_is_refused(world: World, ada: Visitor, path: str) -> None:
    page = ada.post(path, user="ada@contoso.test", password=PASSWORD)
    assert page.status_code == 400
    assert "This form has been open for too long." in page.text
    assert ada.get(SETTINGS).status_code == 200
    assert len(world.dovecot.asked) == 1


def test_a_form_from_another_place_is_refused(world: World) -> None:
    visitor = Visitor(world)
    right = token(visitor.get("/sign-in").text)
    visitor.options["headers"]["Referer"] = "https://evil.test/"
    answer = visitor.post("/sign-in", user="ada@contoso.test", password=PASSWORD, csrf_token=right)
    assert answer.status_code == 400
    assert world.dovecot.asked == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/", 302),
        ("/owa/", 302),
        ("/sign-in", 200),
        ("/nothing", 404),
        ("/sign-out", 405),
        (SETTINGS, 302),
        ("/page.svg", 200),
        ("/static/page.css", 200),
    ],
)
def test_everything_comes_with_the_same_protection(world: World, path: str, code: int) -> None:
    answer = Visitor(world).get(path)
    assert answer.status_code == code
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert ("no-store" in answer.headers["Cache-Control"]) is not path.startswith("/static/")
    answer.close()


def test_nothing_is_inline(ada: Visitor) -> None:
    for page in (ada.get(SETTINGS), ada.get("/nothing")):
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", page.text)


def test_what_users_write_is_text(world: World) -> None:
    page = Visitor(world).sign_in('"><script>alert(1)</script>', "x")
    assert "<script>alert" not in page.text
    world.publish({**DATA, "title": "<b>R&D</b>"})
    assert "&lt;b&gt;R&amp;D&lt;/b&gt; mail" in Visitor(world).get("/sign-in").text


def test_a_form_that_is_too_large_is_not_read(world: World) -> None:
    visitor = Visitor(world)
    answer = visitor.post("/sign-in", user="a" * 20_000, csrf_token=token(visitor.get("/sign-in").text))
    assert answer.status_code in (400, 413)
    assert world.dovecot.asked == []


@pytest.mark.parametrize(
    ("wish", "tag"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh-HK", "zh-TW"),
        ("de, en;q=0.5", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_wishes(world: World, wish: str, tag: str) -> None:
    page = Visitor(world, wish).get("/sign-in")
    assert f'<html lang="{tag}">' in page.text
    assert page.headers["Content-Language"] == tag
    assert str(LANGUAGES[tag].texts["sign_in_lead"]) in page.text


def test_languages_have_the_same_texts_with_the_same_gaps() -> None:
    def gaps(tag: str) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in LANGUAGES[tag].texts.items()}

    assert {*LANGUAGES} == {"en", "zh-TW"}
    assert gaps("zh-TW") == gaps("en")
