"""Where Pulumi's engine comes from; Go and an installed Pulumi are false ones, so nothing is built here for real."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, Machine

VERSION = re.findall(r"pulumi/pkg/v3 v([0-9.]+)", (ROOT / "tools/engine/go.mod").read_text())[0]
OUTPUT = """
while [ "$1" != -o ]; do shift; done
mkdir -p "$(dirname "$2")"
echo built >"$2"
chmod +x "$2"
"""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with the uv that the bootstrap makes, a false one that brings a Go of the wanted version."""
    path = tmp_path / "cache"
    key = hashlib.sha256((ROOT / "tools/uv.txt").read_bytes()).hexdigest()[:16]
    (path / "uv" / key / "bin").mkdir(parents=True)
    return path


def go(version: str, build: str = OUTPUT) -> str:
    """A Go that says this version and builds by a script."""
    return f"""
case "$1" in
env) echo go{version} ;;
list) echo one; echo two ;;
build) {build} ;;
esac
"""


def run(machine: Machine, cache: Path, checkout: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the tool on a machine that has nothing but what the test gave it."""
    return subprocess.run(
        [checkout / "tools/engine/build"],
        check=False,
        env={"PATH": str(machine.folder), "MAILPAIR_CACHE": str(cache), "HOME": str(cache)},
        capture_output=True,
        text=True,
    )


def install_pulumi(machine: Machine, version: str) -> None:
    """Installs a Pulumi with its Python language host."""
    machine.pretends("pulumi", f"echo v{version}")
    machine.pretends("pulumi-language-python")


@pytest.mark.parametrize("version", [VERSION, "3.1000.0"])
def test_an_installed_pulumi_goes_first(machine: Machine, cache: Path, version: str) -> None:
    install_pulumi(machine, version)
    machine.pretends("go", go("1.99.0"))
    done = run(machine, cache)
    assert (done.returncode, done.stderr) == (0, f"engine: using {machine.folder}/pulumi, version {version}\n")
    assert machine.log == ["pulumi version"]
    assert not (cache / "engine" / VERSION).exists()


def test_an_installed_pulumi_that_is_too_old_is_named(machine: Machine, cache: Path) -> None:
    install_pulumi(machine, "3.9.1")
    done = run(machine, cache)
    assert (done.returncode, done.stderr) == (
        1,
        (
            f"engine: {machine.folder}/pulumi: version 3.9.1: must be {VERSION} or later; "
            "update it, or take it off PATH and a fitting one is built\n"
        ),
    )


def test_a_pulumi_without_a_language_host_does_not_count(machine: Machine, cache: Path) -> None:
    machine.pretends("pulumi", "echo v3.1000.0")
    machine.pretends("go", go("1.99.0"))
    assert run(machine, cache).returncode == 0
    assert (cache / "engine" / VERSION / "pulumi").exists()


def test_it_is_built_once(machine: Machine, cache: Path) -> None:
    machine.pretends("go", go("1.99.0"))
    first = run(machine, cache)
    assert (first.returncode, first.stderr) == (
        0,
        f"engine: fetching the sources of Pulumi {VERSION}\nengine: building Pulumi {VERSION} from 2 packages\n",
    )
    host = (ROOT / "tools/engine/pulumi-language-python").read_text()
    engine = cache / "engine" / VERSION
    assert sorted(path.name for path in engine.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert (engine / "pulumi-language-python").read_text() == host
    assert [path.name for path in (cache / "engine").iterdir() if path.is_dir()] == [VERSION]
    calls = machine.log
    assert calls[-1].endswith("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")
    assert f"version.Version=v{VERSION}" in calls[-1]
    second = run(machine, cache)
    assert (second.returncode, second.stderr) == (0, "")
    assert machine.log == calls


def test_a_changed_language_host_is_brought_over(machine: Machine, cache: Path, checkout: Path) -> None:
    machine.pretends("go", go("1.99.0"))
    assert run(machine, cache, checkout).returncode == 0
    (checkout / "tools/engine/pulumi-language-python").write_text("#!/bin/sh\n")
    assert run(machine, cache, checkout).returncode == 0
    assert (cache / "engine" / VERSION / "pulumi-language-python").read_text() == "#!/bin/sh\n"


def test_a_build_that_was_interrupted_is_done_again(machine: Machine, cache: Path) -> None:
    machine.pretends("go", go("1.99.0", build='kill -9 "$PPID"; kill -9 $$'))
    assert run(machine, cache).returncode != 0
    assert not (cache / "engine" / VERSION).exists()
    machine.pretends("go", go("1.99.0"))
    assert run(machine, cache).returncode == 0
    assert (cache / "engine" / VERSION / "pulumi").read_text() == "built\n"


def test_a_build_that_fails_says_why(machine: Machine, cache: Path) -> None:
    machine.pretends("go", go("1.99.0", build="echo 'main.go:1:1: no such package' >&2; exit 1"))
    done = run(machine, cache)
    assert done.returncode == 1
    assert done.stderr.endswith("main.go:1:1: no such package\n")
    assert not (cache / "engine" / VERSION).exists()


@pytest.mark.parametrize("old", [None, "1.19.8"])
def test_go_is_fetched_where_there_is_none_that_is_new_enough(machine: Machine, cache: Path, old: str | None) -> None:
    if old:
        machine.pretends("go", go(old))
    machine.pretends("new-go", go("1.99.0"))
    machine.pretends(
        "uv",
        f"""
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/go/bin"
ln -s {machine.folder}/new-go "$2/go/bin/go"
""",
    )
    (folder,) = cache.glob("uv/*/bin")
    (folder / "uv").symlink_to(machine.folder / "uv")
    done = run(machine, cache)
    assert done.returncode == 0, done.stderr
    assert "engine: fetching Go, which this machine lacks in version" in done.stderr
    assert [line for line in machine.log if line.startswith("go build")] == []
    assert (cache / "engine" / VERSION / "pulumi").exists()
    assert not (cache / "engine" / "workshop").exists()
