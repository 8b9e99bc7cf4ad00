"""Newer versions of packages come to one server after another, and go back where the site does not work with them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support.packages import Package, package, published, version

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

NAME = "mailpair-test-upgrade"
SCRIPT = "DEBIAN/postinst"
# Each version says what becomes of the service that it stands for.
GOOD = {SCRIPT: ("0755", "#!/bin/sh\nsystemctl start postfix\n")}
STOPS_IT = {SCRIPT: ("0755", "#!/bin/sh\nsystemctl stop postfix\n")}
FAILS = {SCRIPT: ("0755", "#!/bin/sh\necho no disk today >&2\nexit 1\n")}

Offer = "Callable[..., None]"


def numbered(number: str, files: dict[str, tuple[str, str]] = GOOD) -> Package:
    """A version of the package."""
    return package(NAME, number, label="Debian", files=files)


@pytest.fixture
def offer(lab: Lab) -> Iterator[Callable[..., None]]:
    """Offers versions of the package to both hosts, which have version 1, in the place of those offered before."""
    with ExitStack() as offered:

        def offer(*packages: Package) -> None:
            for host in lab.hosts:
                offered.enter_context(published(host, *packages))

        offer(numbered("1"))
        for host in lab.hosts:
            host.run(f"apt-get -qq update; apt-get -qq --yes install {NAME}")
        yield offer
        for host in lab.hosts:
            host.run("systemctl start postfix 2>/dev/null || true")


def upgrade(stack: Stack, *arguments: str, name: str = "upgrade.yml") -> subprocess.CompletedProcess[str]:
    """The playbook on both hosts."""
    return stack.playbook(stack.plain_inventory(), *arguments, name=name, check=False)


def versions(lab: Lab) -> list[str]:
    """What the front end and the back end have."""
    return [version(host, NAME) for host in lab.hosts]


def test_a_newer_version_comes_to_all_and_goes_back_when_asked(
    lab: Lab, stack: Stack, offer: Callable[..., None]
) -> None:
    offer(numbered("1"), numbered("2"))
    done = upgrade(stack)
    assert done.returncode == 0, done.stdout
    assert versions(lab) == ["2", "2"]
    order = [line.split("[")[1].split("]")[0] for line in done.stdout.splitlines() if line.startswith("changed: [")]
    assert order == ["front1", "back1"]

    again = upgrade(stack)
    assert again.returncode == 0
    assert "changed: [" not in again.stdout

    lab.front.run("echo 'deb [trusted=yes] file:/srv/nowhere ./' > /etc/apt/sources.list.d/nowhere.list")
    try:
        away = upgrade(stack)
    finally:
        lab.front.run("rm /etc/apt/sources.list.d/nowhere.list")
    assert away.returncode != 0
    assert "The former versions are back (nothing had changed)" in " ".join(away.stdout.split())
    assert versions(lab) == ["2", "2"]

    back = upgrade(stack, "--limit", "back1", name="take_back.yml")
    assert back.returncode == 0, back.stdout
    assert versions(lab) == ["2", "1"]
    assert upgrade(stack).returncode == 0
    assert versions(lab) == ["2", "1"]  # held: it is the version that was taken back
    offer(numbered("3"))
    assert upgrade(stack).returncode == 0
    assert versions(lab) == ["3", "3"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (STOPS_IT, "Mailflow send with ada@contoso.test: nothing listens there"),
        (FAILS, f"{NAME} 1 -> 2: apt-get ended with 100"),
    ],
    ids=["the site does not work with it", "it can not be installed"],
)
def test_a_bad_version_goes_back_and_comes_to_nobody_else(
    lab: Lab, stack: Stack, offer: Callable[..., None], files: dict[str, tuple[str, str]], reason: str
) -> None:
    offer(numbered("2", files))  # and version 1 is nowhere to be had
    done = upgrade(stack)
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    assert reason in said
    assert f"The former versions are back ({NAME} 1 -> 2), and no further server was touched." in said
    assert versions(lab) == ["1", "1"]
    assert upgrade(stack, name="verify.yml").returncode == 0
    assert lab.front.run("apt-mark showhold").split() == [NAME]


def test_a_site_that_does_not_work_is_not_upgraded(lab: Lab, stack: Stack, offer: Callable[..., None]) -> None:
    offer(numbered("2"))
    lab.front.run("systemctl stop postfix")
    done = upgrade(stack)
    assert done.returncode != 0
    assert "nothing listens there" in done.stdout
    assert versions(lab) == ["1", "1"]
