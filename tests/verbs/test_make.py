"""From nothing to a pair and back, with the verbs alone."""

from __future__ import annotations

import json
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_stack.platforms.nspawn.names import StackNames
from tests.e2e.support.wait import until
from tests.stack.support.world import traces
from tests.verbs.conftest import SETTINGS, STACK, Checkout

NAMES = StackNames(STACK)

pytestmark = pytest.mark.machines


def test_a_pair_from_nothing_to_nothing(checkout: Checkout) -> None:
    summary = checkout.up().partition("The pair of ")[2]
    assert summary.startswith("contoso.test stands.\n")
    assert "mail.contoso.test  port 993  TLS from the first byte (SSL)" in summary
    assert f"make down STACK={STACK}" in summary

    facts = json.loads(checkout.make("describe"))
    assert facts["front_ends"][0]["addresses"][0] == "10.219.0.11"
    assert facts["back_ends"][0]["addresses"][0] == "10.219.0.12"
    assert Path(facts["ca_file"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    users = [mailbox for mailbox in facts["mailboxes"] if mailbox["kind"] == "user"]
    assert users
    for user in users:
        password = Path(user["password_file"])
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        assert password.read_text().strip() not in summary

    assert "passed" in checkout.make("verify")

    again = checkout.make("up")
    assert "unchanged" in again
    assert "created" not in again
    assert "updated" not in again


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param(NAMES.machine("front1").folder.exists, signal.SIGKILL, id="while a machine is made"),
        pytest.param((NAMES.machine("back1").root / "etc/mailpair").exists, signal.SIGINT, id="while it is configured"),
    ],
)
def test_up_is_interrupted_and_run_again(
    checkout: Checkout, moment: Callable[[], bool], number: signal.Signals
) -> None:
    first = checkout.start("up", SETTINGS)
    until(moment, "the moment comes")
    checkout.interrupt(first, number)
    assert first.returncode != 0
    assert "The pair of contoso.test stands." in checkout.up()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_up_is_interrupted_and_taken_down(checkout: Checkout, number: signal.Signals) -> None:
    first = checkout.start("up", SETTINGS)
    until(NAMES.machine("front1").root.exists, "a root file system appears")
    checkout.interrupt(first, number)
    assert traces(STACK) != {}  # what `make down` has to take away when the test ends
