"""What a shell knows after it has sourced tools/activate."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import Machine

NAMES = ("PATH", "ANSIBLE_CONFIG", "ANSIBLE_HOME", "PULUMI_BACKEND_URL", "PULUMI_HOME", "PULUMI_SKIP_UPDATE_CHECK")


@pytest.fixture
def environment(checkout: Path, tmp_path: Path) -> Path:
    """An environment as the bootstrap leaves it."""
    home = tmp_path / "cache" / "env" / "key"
    (home / "bin").mkdir(parents=True)
    (home / "complete").touch()
    (checkout / ".mailpair").mkdir()
    (checkout / ".mailpair/env").symlink_to(home)
    return home


def activate(machine: Machine, checkout: Path, *, times: int = 1, **more: str) -> dict[str, str]:
    """The variables that are set after sourcing it."""
    script = f"{'source tools/activate; ' * times} env -0"
    done = subprocess.run(
        ["/bin/bash", "-euc", script],
        check=True,
        cwd=checkout,
        env={"PATH": str(machine.folder), "HOME": "/home/somebody"} | more,
        capture_output=True,
        text=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


def test_everything_points_into_the_checkout_and_the_cache(machine: Machine, checkout: Path, environment: Path) -> None:
    known = activate(machine, checkout)
    private = checkout / ".mailpair"
    engine, *rest = known["PATH"].removeprefix(f"{environment}/bin:").split(":")
    assert engine.startswith("/home/somebody/.cache/mailpair/engine/3.")
    assert rest == [str(machine.folder)]
    assert known["ANSIBLE_CONFIG"] == str(checkout / "ansible.cfg")
    assert known["ANSIBLE_HOME"] == str(private / "ansible")
    assert known["ANSIBLE_SSH_CONTROL_PATH_DIR"] == "/home/somebody/.cache/mailpair/ssh"
    assert known["PULUMI_BACKEND_URL"] == f"file://{private}/pulumi"
    assert known["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(private / "passphrase")
    assert known["PULUMI_HOME"] == str(private / "pulumi-home")
    assert known["PULUMI_SKIP_UPDATE_CHECK"] == "true"


def test_what_is_set_stays(machine: Machine, checkout: Path, environment: Path) -> None:
    given = {name: "mine" for name in NAMES if name != "PATH"}
    given |= {"PULUMI_CONFIG_PASSPHRASE": "", "ANSIBLE_SSH_CONTROL_PATH_DIR": "mine"}
    known = activate(machine, checkout, times=1, **given)
    assert {name: known[name] for name in given} == given
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in known


def test_an_installed_pulumi_is_not_hidden(machine: Machine, checkout: Path, environment: Path) -> None:
    machine.pretends("pulumi")
    machine.pretends("pulumi-language-python")
    assert activate(machine, checkout)["PATH"] == f"{environment}/bin:{machine.folder}"


def test_doing_it_twice_changes_nothing(machine: Machine, checkout: Path, environment: Path) -> None:
    assert activate(machine, checkout, times=2)["PATH"] == activate(machine, checkout)["PATH"]


def test_another_checkout_takes_over(machine: Machine, checkout: Path, environment: Path) -> None:
    other = checkout.with_name("other")
    shutil.copytree(checkout, other, symlinks=True)
    first = activate(machine, other)
    second = activate(machine, checkout, times=1, **first)
    assert {name for name, value in second.items() if str(other) in value} == set()
    assert second["PATH"] == first["PATH"]
    assert second["PULUMI_BACKEND_URL"] == f"file://{checkout}/.mailpair/pulumi"


def test_a_missing_environment_is_named(machine: Machine, checkout: Path) -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", "source tools/activate || echo refused"],
        check=True,
        cwd=checkout,
        env={"PATH": str(machine.folder), "HOME": "/home/somebody"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "refused\n"
    assert done.stderr == f"activate: the Python environment is missing; run {checkout}/tools/bootstrap\n"


def test_the_scripts_are_executable(checkout: Path) -> None:
    for name in ("bootstrap", "down", "lock", "uv", "engine/build", "engine/pulumi-language-python"):
        assert stat.S_IMODE((checkout / "tools" / name).stat().st_mode) & 0o111 == 0o111, name
