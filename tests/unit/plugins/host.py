"""A host that is not there: what modules ask of a real one, answered by a test."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OWNER = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


class Ended(Exception):  # noqa: N818 -- it says how a module ended, well or not
    """How a module ended, and what it said."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said)
        self.said = said


@dataclass
class FakeModule:
    """Stands in for AnsibleModule: commands go to ``answer``, which says code, output and errors."""

    params: dict[str, Any]
    tmpdir: str
    answer: Callable[[list[str]], tuple[int, str, str]] = lambda _: (0, "", "")
    check_mode: bool = False
    commands: list[str] = field(default_factory=list)

    def run_command(
        self, words: list[str], *, check_rc: bool = False, environ_update: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        self.commands.append(" ".join(words))
        code, out, err = self.answer(words)
        if check_rc and code:
            self.fail_json(msg=err)
        return code, out, err

    def exit_json(self, **said: Any) -> NoReturn:
        raise Ended(said)

    def fail_json(self, **said: Any) -> NoReturn:
        raise Ended({"failed": True, **said})


class Systemd:
    """Units that start, reload and stop, and a checker that refuses files with the word ``broken``."""

    def __init__(self) -> None:
        self.active = False
        self.enabled = False
        self.refuses_reload = False
        self.confirms = True
        self.loaded = True

    def __call__(self, words: list[str]) -> tuple[int, str, str]:
        match words:
            case ["systemctl", "--quiet", "is-active", _]:
                return (0 if self.active else 3), "", ""
            case ["systemctl", "--quiet", "is-enabled", _]:
                return (0 if self.enabled else 1), "", ""
            case ["systemctl", verb, *_]:
                return self._do(verb, words)
            case ["checker", path]:
                with open(path, encoding="utf-8") as file:
                    return (1, "", f"{path}: broken\n") if "broken" in file.read() else (0, "", "")
            case ["confirm", *_]:
                return (0, "", "") if self.confirms else (1, "kept the old files\n", "")
            case ["probe", *_]:
                return (0 if self.loaded else 1), "", ""
            case ["journalctl", *_]:
                return 0, "could not bind\n", ""
            case _:
                return 0, "", ""

    def _do(self, verb: str, words: list[str]) -> tuple[int, str, str]:
        if verb in {"start", "reload"} and self.refuses_reload:
            return 1, "", "Job failed.\n"
        if verb == "start":
            self.active = True
        if verb == "enable":
            self.enabled = True
        if verb == "disable":
            self.enabled = False
            self.active = self.active and "--now" not in words
        return 0, "", ""


def arguments(folder: Path, content: str = "good\n", **more: Any) -> dict[str, Any]:
    """Arguments of the module ``service`` for a unit with one file in a folder."""
    file = {"path": str(folder / "etc/app.conf"), "content": content, "mode": "0640", "reload": True, "marker": None}
    return {
        "name": "app",
        "state": "running",
        "accounts": None,
        "users": [],
        "folders": [],
        "files": [{**file, **OWNER}],
        "absent": [],
        "watch": [],
        "check": [["checker", f"{{staged}}{folder}/etc/app.conf"]],
        "loaded": [],
        "reload": [],
        "after": [],
        "confirm": [],
        "then": [],
        **more,
    }
