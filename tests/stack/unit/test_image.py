"""The base image's recipe."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pulumi_stack.errors import StackError
from pulumi_stack.packages import of_all_roles
from pulumi_stack.platforms.nspawn.image import BASE_PACKAGES, ImageSpec
from pulumi_stack.platforms.nspawn.make_image import default_cache, make
from pulumi_stack.process import Runner


def test_the_key_follows_from_what_goes_in() -> None:
    plain = ImageSpec.of([])
    assert plain.key == ImageSpec.of(BASE_PACKAGES).key
    assert ImageSpec.of(["b", "a", "a"]).key == ImageSpec.of(["a", "b"]).key
    assert ImageSpec.of(["a"]).key != plain.key
    assert plain.key.startswith("trixie-")


def test_the_build_takes_the_mirror_that_the_tool_knows() -> None:
    command = ImageSpec.of(["less"]).build(Path("/cache/root"))
    assert command[0] == "mmdebstrap"
    assert list(command[-2:]) == ["trixie", "/cache/root"]
    assert not any("://" in argument for argument in command)
    hook = next(argument for argument in command if argument.startswith("--customize-hook="))
    assert 'install "$1" less\n' in hook


def test_packages_are_those_of_the_roles_without_versions() -> None:
    packages = of_all_roles()
    assert {"dovecot-core", "dovecot-imapd", "postfix"} <= set(packages)
    assert not any(sign in package for package in packages for sign in "<>= ")


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.delenv("MAILPAIR_CACHE", raising=False)
    assert default_cache() == Path("/xdg/mailpair")
    monkeypatch.setenv("MAILPAIR_CACHE", "/mine")
    assert default_cache() == Path("/mine")


def fake_builder(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program of this name first on PATH; its root is its last argument."""
    program = folder / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text(f"#!/bin/bash\nroot=${{!#}}\necho run >> {folder}/runs\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def test_an_image_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_builder(tmp_path, monkeypatch, 'mkdir "$root"; echo whole > "$root/file"')
    spec = ImageSpec.of([])

    async def two() -> list[Path]:
        return list(await asyncio.gather(make(spec, tmp_path, Runner()), make(spec, tmp_path, Runner())))

    assert asyncio.run(two()) == [spec.folder(tmp_path)] * 2
    assert asyncio.run(make(spec, tmp_path, Runner())) == spec.folder(tmp_path)
    assert (spec.folder(tmp_path) / "root" / "file").read_text() == "whole\n"
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_build_that_fails_leaves_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_builder(tmp_path, monkeypatch, 'mkdir "$root"; echo "E: no such package"; exit 25')
    spec = ImageSpec.of([])
    with pytest.raises(StackError, match="exit code 25: must succeed; its last lines:\nE: no such package"):
        asyncio.run(make(spec, tmp_path, Runner()))
    assert [each.name for each in (tmp_path / "images").iterdir()] == [f"{spec.key}.lock"]


def test_what_an_interrupted_build_left_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_builder(tmp_path, monkeypatch, 'mkdir "$root"; echo whole > "$root/file"')
    spec = ImageSpec.of([])
    draft = tmp_path / "images" / f".{spec.key}.new"
    (draft / "root").mkdir(parents=True)
    (draft / "root" / "half").write_text("")
    asyncio.run(make(spec, tmp_path, Runner()))
    assert [each.name for each in (spec.folder(tmp_path) / "root").iterdir()] == ["file"]
    assert not draft.exists()
