"""What the check finds before Postfix is asked to load a configuration."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parents[3] / "roles/receive_connector/files/check_postfix.py"


@pytest.fixture(scope="module")
def check() -> Any:
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("check_postfix", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of the loopback address that this very program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def answers(monkeypatch: pytest.MonkeyPatch, stdout: str = "", stderr: str = "", code: int = 0) -> None:
    """Lets every command that the check runs answer this."""
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, code, stdout, stderr)
    )


@pytest.mark.parametrize(
    ("stderr", "code", "faults"),
    [
        ("", 0, []),
        ("postfix/postlog: starting the check\n", 0, []),
        ("postconf: warning: main.cf: unused parameter: foo=bar\n", 0, ["main.cf: unused parameter: foo=bar"]),
        ("postconf: fatal: file master.cf: line 3: bad field count\n", 1, ["file master.cf: line 3: bad field count"]),
        ("postfix/postfix-script: warning: /var/spool/postfix/etc/hosts and /etc/hosts differ\n", 0, []),
        ("postfix: warning: inet_protocols: disabling IPv6 name/address support: Address family\n", 0, []),
        ("no such file\n", 127, ["postfix check ended with 127: no such file"]),
    ],
)
def test_a_warning_is_a_fault(
    check: Any, monkeypatch: pytest.MonkeyPatch, stderr: str, code: int, faults: list[str]
) -> None:
    answers(monkeypatch, "out", stderr, code)
    assert check.said("postfix", "check") == ("out", faults)


def test_listening_places_are_those_of_inet_services(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "0.0.0.0:25 inet n - n - - smtpd\n[::]:587 inet n - n - - smtpd\nlmtp unix - - n - - lmtp\n")
    assert check.master_entries("/etc/postfix") == [("0.0.0.0", 25), ("::", 587)]


@pytest.mark.parametrize(
    ("places", "faults"),
    [
        ([("127.0.0.1", 0)], []),
        (
            [("192.0.2.99", 25)],
            ["192.0.2.99:25: this host has no such address; change the connector's bindings"],
        ),
        (
            [("2001:db8::99", 25)],
            ["[2001:db8::99]:25: this host has no such address; change the connector's bindings"],
        ),
        (
            [("127.0.0.1", 0), ("127.0.0.1", 0)],
            ["127.0.0.1:0: two connectors have this binding; take it from one of them"] * 2,
        ),
        (
            [("0.0.0.0", 0), ("127.0.0.1", 0)],
            ["127.0.0.1:0: another binding has this port at all addresses; name the addresses there"],
        ),
    ],
)
def test_bindings_that_would_end_postfix(check: Any, places: list[tuple[str, int]], faults: list[str]) -> None:
    assert list(check.bindings(places)) == faults


def test_a_port_that_another_program_has(check: Any, taken: int) -> None:
    own_name = Path("/proc/self/comm").read_text().strip()
    assert list(check.bindings([("127.0.0.1", taken)])) == [
        f"127.0.0.1:{taken}: {own_name} listens there already; stop it, or change the connector's bindings"
    ]


def test_faults_name_the_hosts_own_files(
    check: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/aliases").touch()
    answers(monkeypatch, "", f"postmap: warning: {tmp_path}/etc/postfix/aliases, line 2: duplicate entry: ada\n")
    assert check.main(str(tmp_path)) == 1
    assert capsys.readouterr().err == "/etc/postfix/aliases, line 2: duplicate entry: ada\n"


@pytest.mark.parametrize(
    ("given", "told", "faults"),
    [
        ("smtpd_timeout = 300s", "", []),
        (
            "smtpd_timeout = 4x",
            "connect\nfatal: invalid smtpd_timeout parameter value 4x\n",
            ["[::]:587: invalid smtpd_timeout parameter value 4x"],
        ),
        ("smtpd_timeout = 4x", "", ["[::]:587: smtpd ended with 1: no log"]),
    ],
)
def test_settings_of_services_are_tried(
    check: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, told: str, faults: list[str]
) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        match command[0]:
            case "postconf":
                listed = f"[::]:587/inet/{given}\n0.0.0.0:587/inet/{given}\nsend/unix/smtp_helo_name = 4x\n"
                return subprocess.CompletedProcess(command, 0, listed, "")
            case "journalctl":
                return subprocess.CompletedProcess(command, 0, told, "")
        bad = any("4x" in word for word in command)
        return subprocess.CompletedProcess(command, int(bad), "", "no log" if bad else "")

    monkeypatch.setattr(subprocess, "run", run)
    for name in ("main.cf", "master.cf"):
        (tmp_path / name).touch()
    assert [*check.settings(str(tmp_path))] == faults
