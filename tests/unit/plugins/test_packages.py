"""The module ``packages``: what it asks of dpkg and APT, and that nothing starts meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.modules import packages

from tests.unit.plugins.host import FakeModule

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD, NEW = "1:2.4.1-6", "1:2.4.1-7"


class Dpkg:
    """Installed packages with their versions, and what a mirror has."""

    def __init__(self, installed: Mapping[str, str], mirror: Mapping[str, str] | None = None) -> None:
        self.installed = dict(installed)
        self.mirror = dict(mirror or {})
        self.policy: str | None = None

    def __call__(self, words: list[str]) -> tuple[int, str, str]:
        match words:
            case ["dpkg-query", _, _, *names]:
                found = [f"{name} installed {self.installed[name]}" for name in names if name in self.installed]
                removed = [f"{name} config-files 1" for name in names if name not in self.installed]
                return 1, "".join(f"{line}\n" for line in [*found, *removed]), "no packages found"
            case ["dpkg", "--compare-versions", one, "ge", other]:
                return (0 if one >= other else 1), "", ""
            case ["dpkg", "--configure", *_] | ["apt-get", *_, "update"]:
                return 0, "", ""
            case ["apt-get", *options]:
                names = options[options.index("--no-install-recommends") + 1 :]
                self.policy = Path(packages.POLICY).read_text(encoding="ascii")
                self.installed.update({name: self.mirror[name] for name in names})
                return 0, "", ""
        raise AssertionError(words)

    def module(self, tmp_path: Path) -> FakeModule:
        return FakeModule({}, str(tmp_path), self)


@pytest.fixture(autouse=True)
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the host's policy-rc.d is."""
    path = tmp_path / "policy-rc.d"
    monkeypatch.setattr(packages, "POLICY", str(path))
    return path


@pytest.mark.parametrize(
    ("installed", "wanted", "lacking"),
    [
        ({"dovecot-core": NEW}, ["dovecot-core"], []),
        ({"dovecot-core": NEW}, [f"dovecot-core>={NEW}"], []),
        ({"dovecot-core": OLD}, [f"dovecot-core>={NEW}"], [f"dovecot-core>={NEW}"]),
        ({}, ["postfix", "haproxy"], ["postfix", "haproxy"]),
        ({"haproxy": "3"}, ["postfix", "haproxy"], ["postfix"]),
    ],
)
def test_what_is_lacking(installed: dict[str, str], wanted: list[str], lacking: list[str], tmp_path: Path) -> None:
    module: Any = Dpkg(installed).module(tmp_path)
    assert packages.lacking(module, wanted) == lacking


def test_nothing_starts_while_packages_are_installed(tmp_path: Path, policy: Path) -> None:
    dpkg = Dpkg({}, {"postfix": "3.10"})
    module: Any = dpkg.module(tmp_path)
    packages.install(module, ["postfix"])
    assert dpkg.installed == {"postfix": "3.10"}
    assert dpkg.policy is not None
    assert dpkg.policy.endswith("exit 101\n")
    assert not policy.exists()
    assert module.commands[0].startswith("dpkg --configure --pending")
    assert [each.split()[-1] for each in module.commands[1:]] == ["update", "postfix"]


def test_an_administrator_s_own_policy_comes_back(policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 0\n")
    with packages.nothing_starts():
        assert policy.read_text() == packages.FORBID
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_a_policy_comes_back_after_a_run_that_was_killed(policy: Path) -> None:
    policy.write_text(packages.FORBID)
    Path(f"{policy}.mailpair").write_text("#!/bin/sh\nexit 0\n")
    with packages.nothing_starts():
        pass
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_services_may_start_again_after_a_run_that_was_killed_when_all_was_installed(policy: Path) -> None:
    policy.write_text(packages.FORBID)
    packages.allow_again()
    assert not policy.exists()
    packages.allow_again()


def test_an_administrator_s_policy_is_left_alone(policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 101\n")
    packages.allow_again()
    assert policy.read_text() == "#!/bin/sh\nexit 101\n"
