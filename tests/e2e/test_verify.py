"""The playbook that uses the site as its users do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

CAROL = "carol@contoso.test"  # may not use POP3


@pytest.fixture
def without_postfix(lab: Lab) -> Iterator[None]:
    """The front end takes no mail."""
    lab.front.run("systemctl stop postfix")
    yield
    lab.front.run("systemctl start postfix")


def steps(output: str) -> list[tuple[str, str]]:
    """The name and the result of each line of the report."""
    rows = [re.split(r" {2,}", line) for line in output.splitlines() if re.search(r"@contoso\.test +\d+  ", line)]
    return [(row[0], row[-1]) for row in rows]


def test_everything_passes_and_leaves_nothing(lab: Lab, stack: Stack) -> None:
    done = stack.playbook(stack.plain_inventory(), name="verify.yml")
    found = steps(done.stdout)
    names = [name for name, _ in found]
    expected = [
        f"{title} {how} {address}:{port}" if ":" not in address else f"{title} {how} [{address}]:{port}"
        for title, how, port in (
            ("ImapConnectivity", "SSL", 993),
            ("ImapConnectivity", "TLS", 143),
            ("PopConnectivity", "SSL", 995),
            ("PopConnectivity", "TLS", 110),
            ("SmtpConnectivity", "TLS", 587),
        )
        for address in lab.front.addresses
    ]
    flow = ["Mailflow send", "Mailflow read over IMAP", "Mailflow read over POP", "Mailflow remove over IMAP"]
    assert names == expected + flow
    assert {result for _, result in found} == {"passed"}
    with clients.imap(lab, "ada@contoso.test") as client:
        assert clients.find(client, "mailpair verify") == []


def test_a_named_mailbox_is_tried_for_what_it_may_use(stack: Stack) -> None:
    done = stack.playbook(stack.plain_inventory(), "-e", f"mailpair_verify_mailbox={CAROL}", name="verify.yml")
    names = [name for name, _ in steps(done.stdout)]
    assert not [name for name in names if "Pop" in name or "POP" in name]
    assert "Mailflow read over IMAP" in names


@pytest.mark.usefixtures("without_postfix")
def test_a_failure_names_the_step_and_the_reason(stack: Stack) -> None:
    done = stack.playbook(stack.plain_inventory(), name="verify.yml", check=False)
    assert done.returncode != 0
    found = dict(steps(done.stdout))
    assert found["Mailflow send"] == "nothing listens there"
    assert "Mailflow send with ada@contoso.test: nothing listens there" in " ".join(done.stdout.split())
    assert "Mailflow read over IMAP" not in found
    assert {result for name, result in found.items() if name.startswith("Imap")} == {"passed"}


@pytest.mark.parametrize("mailbox", ["guest@contoso.test", "nobody@contoso.test"])
def test_a_mailbox_that_can_not_be_used(lab: Lab, stack: Stack, mailbox: str) -> None:
    done = stack.playbook(
        stack.plain_inventory(), "-e", f"mailpair_verify_mailbox={mailbox}", name="verify.yml", check=False
    )
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    assert (
        f"mailbox: {mailbox}: must be a user's mailbox whose password is in {lab.state.root / 'passwords'}; name one "
        "that is, or write its password into the file that has its address as its name"
    ) in said
