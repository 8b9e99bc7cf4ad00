"""What the bootstrap does to a machine: a real environment, made from an empty lock, and a false apt-get."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.conftest import Machine

INTERPRETER = os.path.realpath(sys._base_executable)  # type: ignore[attr-defined]
PROOFS = ("ip", "make", "mmdebstrap", "nft", "ssh", "systemd-nspawn")


@pytest.fixture
def cache(tmp_path: Path, checkout: Path) -> Path:
    """A cache of the test's own that has the uv of the real one, so that nothing is fetched."""
    for lock in ("requirements-dev.txt", "tools/axe.txt"):
        (checkout / lock).write_text("")
    made = tmp_path / "cache"
    made.mkdir()
    (made / "uv").symlink_to(Path(sys.prefix).parents[1] / "uv")
    return made


def run(
    machine: Machine, checkout: Path, cache: Path, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Runs the bootstrap on a machine that has nothing but what the test gave it."""
    environment = {"PATH": str(machine.folder), "MAILPAIR_CACHE": str(cache), "HOME": str(cache)}
    return subprocess.run(
        [checkout / "tools/bootstrap", *arguments],
        check=False,
        env=environment | {"MAILPAIR_PYTHON": INTERPRETER} | more,
        capture_output=True,
        text=True,
    )


def in_environment(checkout: Path, *command: str) -> str:
    """What a command of the environment prints, run elsewhere."""
    program = checkout / ".mailpair/env/bin" / command[0]
    return subprocess.run([program, *command[1:]], check=True, cwd="/", capture_output=True, text=True).stdout


def snapshot(*folders: Path) -> dict[str, tuple[int, float]]:
    """Every path below with what changes when it is made anew; only the stamp of the environment may be touched."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.name not in ("complete", "env"):
                state = path.lstat()
                found[str(path)] = (state.st_ino, state.st_mtime)
    return found


def test_a_second_run_finds_all_in_place(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    first = run(machine, checkout, cache)
    assert first.returncode == 0, first.stderr
    home = (checkout / ".mailpair/env").resolve()
    assert home.parent == cache / "env"
    assert first.stderr.endswith(f"bootstrap: making the Python environment in {home}\n")
    before = snapshot(checkout, cache / "env")
    second = run(machine, checkout, cache)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert snapshot(checkout, cache / "env") == before
    # From within the environment it is the same environment.
    within = run(machine, checkout, cache, MAILPAIR_PYTHON=str(checkout / ".mailpair/env/bin/python"))
    assert (within.returncode, within.stderr) == (0, "")


def test_the_environment_carries_the_checkout(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    (checkout / "mailpair").mkdir()
    (checkout / "mailpair/__init__.py").write_text("")
    assert run(machine, checkout, cache).returncode == 0
    found = in_environment(checkout, "python", "-c", "import mailpair; print(mailpair.__file__)")
    assert found == f"{checkout}/mailpair/__init__.py\n"
    packages = Path(
        in_environment(checkout, "python", "-c", "import sysconfig as s; print(s.get_path('purelib'))").strip()
    )
    assert (packages / "ansible_collections/mailpair/mail").readlink() == checkout


def test_a_run_that_was_interrupted_is_run_again(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    assert run(machine, checkout, cache).returncode == 0
    home = (checkout / ".mailpair/env").resolve()
    (home / "complete").unlink()
    shutil.rmtree(home / "bin")
    again = run(machine, checkout, cache)
    assert (again.returncode, again.stderr) == (0, f"bootstrap: making the Python environment in {home}\n")
    assert in_environment(checkout, "python", "-c", "print(1)") == "1\n"


def test_a_changed_lock_makes_an_environment_of_its_own(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    assert run(machine, checkout, cache).returncode == 0
    first = (checkout / ".mailpair/env").resolve()
    (checkout / "requirements-dev.txt").write_text("# changed\n")
    assert run(machine, checkout, cache).returncode == 0
    assert (checkout / ".mailpair/env").resolve() != first
    assert (first / "complete").exists()  # somebody may be using it


def test_environments_of_checkouts_that_are_gone_are_forgotten(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    gone = cache / "env" / "gone"
    gone.mkdir(parents=True)
    (gone / "complete").write_text(f"{checkout}-gone\n")
    assert run(machine, checkout, cache).returncode == 0
    assert not gone.exists()


def test_the_private_folder_is_private_and_kept(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    assert run(machine, checkout, cache).returncode == 0
    private = checkout / ".mailpair"
    passphrase = (private / "passphrase").read_text()
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE((private / "passphrase").stat().st_mode) == 0o600
    assert len(passphrase) == 44
    assert run(machine, checkout, cache).returncode == 0
    assert (private / "passphrase").read_text() == passphrase


def test_what_is_missing_is_named_and_installed(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*(proof for proof in PROOFS if proof != "ssh"))
    machine.pretends("dpkg")
    machine.pretends("apt-get", f'[[ $* != *openssh-client* ]] || ln -s /bin/true "{machine.folder}/ssh"')
    machine.pretends("id", "echo 0")
    done = run(machine, checkout, cache)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("bootstrap: installing with apt: openssh-client\n")
    assert [line for line in machine.log if not line.startswith("id")] == [
        "dpkg --configure -a",
        "apt-get -qq -o DPkg::Lock::Timeout=300 update",
        "apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends openssh-client",
    ]


@pytest.mark.skipif("ID=ubuntu\n" in Path("/etc/os-release").read_text(), reason="Ubuntu has no package of Chromium")
def test_what_tests_alone_need_is_installed_for_them_alone(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS, "mkfs.ext4", "nbdkit")
    machine.pretends("dpkg")
    machine.pretends(
        "apt-get",
        f'[[ $* != *chromium* ]] || for each in chromium nbdfuse; do ln -s /bin/true "{machine.folder}/$each"; done',
    )
    machine.pretends("id", "echo 0")
    assert run(machine, checkout, cache).returncode == 0
    assert not [line for line in machine.log if line.startswith("apt-get")]
    done = run(machine, checkout, cache, "tests")
    assert done.returncode == 0, done.stderr
    assert "bootstrap: installing with apt: libnbd-bin chromium\n" in done.stderr


def test_what_a_pdf_needs_is_installed_when_asked_for(
    machine: Machine, checkout: Path, cache: Path, tmp_path: Path
) -> None:
    machine.has(*PROOFS)
    machine.pretends("dpkg")
    machine.pretends("id", "echo 0")
    script, fonts = checkout / "tools/bootstrap", tmp_path / "fonts"
    script.write_text(script.read_text().replace("/usr/share/fonts/opentype/noto", str(fonts)))
    machine.pretends(
        "apt-get", f'[[ $* != *fonts-noto-cjk* ]] || {{ mkdir "{fonts}"; : >"{fonts}/NotoSansCJK-Regular.ttc"; }}'
    )
    assert run(machine, checkout, cache).returncode == 0
    assert not [line for line in machine.log if line.startswith("apt-get")]
    done = run(machine, checkout, cache, "pdf")
    assert done.returncode == 0, done.stderr
    assert "bootstrap: installing with apt: fonts-noto-cjk\n" in done.stderr


def test_sudo_is_used_by_who_is_not_root(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*(proof for proof in PROOFS if proof != "make"))
    machine.pretends("id", "echo 1000")
    machine.pretends("sudo", '[[ $* != *install* ]] || ln -s /bin/true "${0%/*}/make"')
    machine.pretends("apt-get", "exit 1")
    done = run(machine, checkout, cache)
    assert done.returncode == 0, done.stderr
    assert [line for line in machine.log if line.startswith(("sudo", "apt-get"))] == [
        "sudo env DEBIAN_FRONTEND=noninteractive dpkg --configure -a",
        "sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update",
        (
            "sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "
            "install --no-install-recommends make"
        ),
    ]


def test_nothing_is_installed_without_apt(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*(proof for proof in PROOFS if proof not in ("make", "ssh")))
    done = run(machine, checkout, cache)
    assert (done.returncode, done.stderr) == (
        1,
        (
            "bootstrap: missing: make openssh-client (Debian's names). "
            "This machine has no apt-get: install them by hand, then run this again.\n"
        ),
    )


def test_nothing_is_installed_without_rights(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*(proof for proof in PROOFS if proof != "make"))
    machine.pretends("id", "echo 1000")
    machine.pretends("apt-get")
    done = run(machine, checkout, cache)
    assert (done.returncode, done.stderr) == (
        1,
        "bootstrap: missing: make. Install them as root, or install sudo, then run this again.\n",
    )
    assert [line for line in machine.log if line.startswith("apt-get")] == []


def test_a_python_that_is_too_old_is_not_used(machine: Machine, checkout: Path, cache: Path) -> None:
    machine.has(*PROOFS)
    machine.pretends("old-python", "exit 1")
    machine.pretends("apt-get")
    machine.pretends("dpkg")
    machine.pretends("id", "echo 0")
    done = run(machine, checkout, cache, MAILPAIR_PYTHON=str(machine.folder / "old-python"))
    assert (done.returncode, done.stderr) == (
        1,
        (
            "bootstrap: installing with apt: python3-venv\n"
            "bootstrap: still missing after the installation: python3-venv. "
            "Is there a Python of version 3.11 or later?\n"
        ),
    )
