"""A real browser: Chromium without a window, led over its DevTools protocol through a pair of pipes."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CHROMIUM = shutil.which("chromium")

OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # which root has none of; it is shown our own page alone
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
)


@dataclass
class Pipe:
    """Commands to the browser, and what it tells of itself: JSON, with a NUL at the end of each message."""

    reader: int
    writer: IO[bytes]
    told: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _rest: bytes = b""

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Its answer to a command."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self.writer.write(json.dumps(message).encode() + b"\0")
        self.writer.flush()
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])
            self.told.append(answer)

    def wait(self, method: str, good: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The next event of a kind that has not been waited for yet."""
        while True:
            for index, event in enumerate(self.told):
                if event.get("method") == method and good(event["params"]):
                    del self.told[index]
                    return dict(event["params"])
            self.told.append(self._read())

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self.reader, 1 << 20)
            assert more, "the browser has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@dataclass
class Page:
    """A tab with cookies of its own."""

    pipe: Pipe
    session: str
    context: str

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command for this tab."""
        return self.pipe.send(method, self.session, **parameters)

    def open(self, url: str) -> None:
        """Goes to an address, and waits until everything is loaded."""
        self.pipe.told.clear()
        self.send("Page.navigate", url=url)
        self.pipe.wait("Page.loadEventFired")

    def __call__(self, script: str) -> Any:
        """The value of an expression, or of what it promises."""
        done = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    @property
    def text(self) -> str:
        """What is to be read."""
        return str(self("document.body.innerText"))

    @property
    def path(self) -> str:
        """Where it is, without the host."""
        return str(self("location.pathname"))

    def type(self, selector: str, text: str) -> None:
        """Writes into a field, in place of what is there."""
        self(f"document.querySelector({selector!r}).select()")
        self.send("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Clicks into the middle of an element."""
        box = self(
            f"""(() => {{ const found = document.querySelector({selector!r}); found.scrollIntoView({{block: "center"}});
            const box = found.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def go(self, selector: str) -> None:
        """Clicks on what leads to another page, and waits until that is loaded."""
        self.pipe.told.clear()
        self.click(selector)
        self.pipe.wait("Page.loadEventFired")

    def download(self, selector: str, folder: Path) -> Path:
        """The file that a click on an element brings."""
        self.pipe.send(
            "Browser.setDownloadBehavior",
            behavior="allow",
            browserContextId=self.context,
            downloadPath=str(folder),
            eventsEnabled=True,
        )
        self.click(selector)
        begun = self.pipe.wait("Browser.downloadWillBegin")
        self.pipe.wait("Browser.downloadProgress", lambda event: event["state"] == "completed")
        return folder / str(begun["suggestedFilename"])

    def cookies(self) -> list[dict[str, Any]]:
        """The cookies that it would send here."""
        return list(self.send("Network.getCookies")["cookies"])

    def screenshot(self, file: Path) -> None:
        """The whole page as a picture."""
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(picture))

    def complaints(self) -> list[str]:
        """What axe finds on the page, rule by rule with the elements it is about."""
        self(axe())
        found = self("axe.run({resultTypes: ['violations']}).then(found => JSON.stringify(found))")
        return [
            f"{each['id']} ({each['help']}): {' | '.join(node['html'] for node in each['nodes'])}"
            for each in json.loads(found)["violations"]
        ]


@dataclass
class Browser:
    """Chromium, as long as it runs."""

    pipe: Pipe

    def page(
        self, *, language: str = "en", scripts: bool = True, dark: bool = False, size: tuple[int, int] = (1100, 900)
    ) -> Page:
        """A new tab of somebody new."""
        context = self.pipe.send("Target.createBrowserContext")["browserContextId"]
        target = self.pipe.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.pipe.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self.pipe, session, context)
        agent = self.pipe.send("Browser.getVersion")["userAgent"]
        page.send("Page.enable")
        page.send("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        page.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        wish = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        page.send("Emulation.setEmulatedMedia", features=wish)
        width, height = size
        phone = width < 500
        page.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        return page


@contextmanager
def chromium(folder: Path, *options: str) -> Iterator[Browser]:
    """Chromium with its profile in a folder."""
    assert CHROMIUM
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder / 'profile'}", *options]
    with _pipes(command, folder) as pipe:
        yield Browser(pipe)
        pipe.send("Browser.close")


@contextmanager
def _pipes(command: Sequence[str], folder: Path) -> Iterator[Pipe]:
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    with (
        (folder / "chromium.log").open("wb") as log,
        subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{from_write}', "bash", *command],
            pass_fds=(to_read, from_write),
            env=os.environ | {"HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        os.close(to_read)
        os.close(from_write)
        with os.fdopen(to_write, "wb") as writer:
            try:
                yield Pipe(from_read, writer)
            except BaseException:
                process.kill()
                raise
            finally:
                os.close(from_read)


def axe() -> str:
    """The script of axe-core."""
    package = find_spec("axe_playwright_python")
    assert package
    assert package.origin
    return (Path(package.origin).parent / "axe.min.js").read_text("utf-8")
