"""The page in a real browser."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from waitress.server import create_server

from tests.portal.conftest import NOTHING, PASSWORD, World
from tests.support.browser import CHROMIUM, Browser, Page, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="needs chromium, which `tools/bootstrap tests` installs"
)
PHONE = (360, 740)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the page is; browsers hold localhost to be as safe as HTTPS."""
    server = create_server(world.app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://localhost:{server.effective_port}"

    def end() -> None:
        for each in [*server._map.values()]:
            each.close()

    # By the thread that waits for them: sockets that another one closes are an error there.
    server.trigger.pull_trigger(end)
    thread.join()
    server.task_dispatcher.shutdown()


def sign_in(page: Page, url: str, user: str, password: str = PASSWORD) -> None:
    page.open(f"{url}/")
    page.type("#user", user)
    page.type("#password", password)
    page.go("button.main")


def table(page: Page) -> list[str]:
    """The rows of all tables, as a screen reader would say them."""
    rows: list[str] = page(
        """[...document.querySelectorAll("tbody tr")].map(row => [...row.cloneNode(true).children].map(cell => {
        cell.querySelectorAll("button, span").forEach(each => each.remove());
        return cell.textContent.trim(); }).join(" "))"""
    )
    return rows


def test_a_user_signs_in_looks_up_and_signs_out(browser: Browser, url: str) -> None:
    page = browser.page()
    sign_in(page, url, "ada@contoso.test")
    assert page.path == "/options/account/settings"
    assert table(page)[:3] == [
        "POP mail.contoso.test 995 SSL/TLS",
        "IMAP mail.contoso.test 993 SSL/TLS",
        "SMTP mail.contoso.test 587 STARTTLS",
    ]
    assert page("document.querySelector('img.code').naturalWidth") > 0
    assert page("document.querySelector('details ol').checkVisibility()") is False
    page.click("summary")
    assert page("document.querySelector('details ol').checkVisibility()") is True
    page.go("header button")
    assert page.path == "/sign-in"
    page.open(f"{url}/options/account/settings")
    assert page.path == "/sign-in"


def test_a_value_is_copied_at_a_click(browser: Browser, url: str) -> None:
    page = browser.page()
    sign_in(page, url, "ada@contoso.test")
    page.pipe.send(
        "Browser.grantPermissions",
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
        browserContextId=page.context,
    )
    page.click("tbody .copy")
    assert page("navigator.clipboard.readText()") == "mail.contoso.test"
    assert page("document.getElementById('status').textContent") == "Copied: mail.contoso.test"
    assert page("document.querySelector('tbody .copy').getAttribute('aria-label')") == "Copy mail.contoso.test"


def test_a_wrong_password_is_said_and_can_be_tried_again(browser: Browser, url: str) -> None:
    page = browser.page()
    sign_in(page, url, "ada@contoso.test", "wrong")
    assert "The address or the password is not right" in page("document.querySelector('[role=alert]').textContent")
    assert page("document.title").startswith("Error: ")
    assert page("document.activeElement.id") == "password"
    assert page("document.getElementById('user').value") == "ada@contoso.test"
    page.type("#password", PASSWORD)
    page.go("button.main")
    assert page.path == "/options/account/settings"


def test_who_comes_back_after_the_session_has_ended_signs_in_again(world: World, browser: Browser, url: str) -> None:
    page = browser.page()
    sign_in(page, url, "ada@contoso.test")
    world.app.config["PERMANENT_SESSION_LIFETIME"] = -1
    page.open(f"{url}/options/account/settings")
    assert page.path == "/sign-in"
    assert "Please sign in to go on." in page.text


def test_a_switched_off_mailbox_sees_that_it_is(browser: Browser, url: str) -> None:
    page = browser.page()
    sign_in(page, url, "carol@contoso.test")
    assert [row.split()[0] for row in table(page)] == ["IMAP", "SMTP", "IMAP", "IMAP", "SMTP"]
    assert "Off. Your administrator has turned it off for your mailbox." in page(
        "document.querySelector('.off').innerText"
    )


def test_a_profile_is_downloaded(browser: Browser, url: str, tmp_path: Path) -> None:
    page = browser.page()
    sign_in(page, url, "ada@contoso.test")
    file = page.download(".profiles a", tmp_path)
    assert file.name == "contoso.test-imap.mobileconfig"
    assert b"<string>ada@contoso.test</string>" in file.read_bytes()


def test_it_does_without_scripts(browser: Browser, url: str) -> None:
    page = browser.page(scripts=False)
    sign_in(page, url, "ada@contoso.test")
    assert table(page)[1] == "IMAP mail.contoso.test 993 SSL/TLS"
    assert page("document.querySelectorAll('.copy').length") == 0
    page.click("summary")
    assert page("document.querySelector('details').open") is True
    page.go("header button")
    assert page.path == "/sign-in"


def test_it_speaks_traditional_chinese(browser: Browser, url: str) -> None:
    page = browser.page(language="zh-TW")
    sign_in(page, url, "ada@contoso.test")
    assert page("document.documentElement.lang") == "zh-TW"
    assert page("document.querySelector('h1').textContent") == "POP 或 IMAP 存取的設定"
    assert page("document.querySelector('tbody .copy').textContent") == "複製"


def test_it_is_dark_where_that_is_wished(browser: Browser, url: str) -> None:
    shades = []
    for dark in (False, True):
        page = browser.page(dark=dark)
        page.open(f"{url}/sign-in")
        color = page("getComputedStyle(document.body).backgroundColor")
        shades.append(sum(map(int, color.removeprefix("rgb(").removesuffix(")").split(","))))
    assert shades[0] > 600
    assert shades[1] < 200


@pytest.mark.parametrize(
    ("dark", "size"), [(False, (1100, 900)), (True, PHONE)], ids=["light at a desk", "dark on a phone"]
)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    world: World, browser: Browser, url: str, dark: bool, size: tuple[int, int]
) -> None:
    page = browser.page(dark=dark, size=size)
    seen: list[str] = []

    def look(name: str) -> None:
        seen.extend(f"{name}: {complaint}" for complaint in page.complaints())
        if page("document.documentElement.scrollWidth > innerWidth"):
            seen.append(f"{name}: wider than the window")

    page.open(f"{url}/sign-in?again=1")
    look("sign in")
    sign_in(page, url, "ada@contoso.test", "wrong")
    look("wrong password")
    sign_in(page, url, "carol@contoso.test")
    page("document.querySelectorAll('details').forEach(each => each.open = true)")
    look("settings")
    world.publish(NOTHING)
    page.open(f"{url}/")
    look("nothing published")
    page.open(f"{url}/nothing")
    look("no such page")
    assert seen == []


def test_the_browser_finds_nothing_that_the_policy_forbids(browser: Browser, url: str) -> None:
    page = browser.page()
    page.send("Log.enable")
    sign_in(page, url, "ada@contoso.test")
    assert page("document.styleSheets[0].cssRules.length > 20 && document.querySelectorAll('.copy').length > 3")
    entries = [each["params"]["entry"] for each in page.pipe.told if each.get("method") == "Log.entryAdded"]
    assert [entry["text"] for entry in entries] == []
